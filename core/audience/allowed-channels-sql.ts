import { CHANNELS, type Channel, type Lane } from '../delivery/channel.ts';
import { textLiteral } from './sql-literal.ts';

/** What is to be sent. */
export type Sending = { topic: string; lane: Lane };

/**
 * CTEs `said` and `allowed`: per person who ever said something one boolean column per channel, `allows` of
 * core/delivery/consent.ts in SQL. The newest statement counts; of two in one millisecond the no, and a yes from a file
 * only when there is nothing else, as with the contact's state.
 */
export const allowedChannelsSql = ({ topic, lane }: Sending): string => {
  const keys = CHANNELS.flatMap((channel) => [channel, `${channel}/${topic}`]);
  return `said AS (
  SELECT profile_id, consent, given, row_number() OVER (
    PARTITION BY profile_id, consent ORDER BY CASE WHEN imported AND given THEN 1 ELSE 0 END, at_ms DESC, given
  ) AS newest
  FROM consents WHERE consent IN (${keys.map(textLiteral).join(', ')})
),
allowed AS (
  SELECT profile_id,
    ${CHANNELS.map((channel) => `${answer(channel, topic, lane)} AS ${channel}`).join(',\n    ')}
  FROM said WHERE newest = 1 GROUP BY profile_id
)`;
};

const answer = (channel: Channel, topic: string, lane: Lane): string =>
  lane === 'promotional'
    ? `coalesce(${given(`${channel}/${topic}`)}, ${given(channel)}, false)`
    : `coalesce(${given(`${channel}/${topic}`)}, true)`;
const given = (key: string): string => `max(CASE WHEN consent = ${textLiteral(key)} THEN given END)`;

/** Text with the names of the allowed channels, each in commas, of a row of `allowed` that may be missing. */
export const channelsSql = (alias: string, { lane }: Sending): string => {
  const unknown = lane === 'promotional' ? 'false' : 'true';
  return CHANNELS.map(
    (channel) => `CASE WHEN coalesce(${alias}.${channel}, ${unknown}) THEN ',${channel},' ELSE '' END`,
  ).join(' || ');
};
export const channelsOf = (text: string): Channel[] => CHANNELS.filter((channel) => text.includes(`,${channel},`));
