import { CHANNELS, type Channel, type Lane } from '../delivery/channel.ts';
import { textLiteral } from './sql-literal.ts';

/** What is to be sent. */
export type Sending = { topic: string; lane: Lane };
/** What the lake knows of a person's consents: absent is nothing, on which the contact may know better. */
export type KnownConsents = Partial<Record<Channel, boolean>>;

/**
 * CTEs `said` and `known`: per person who ever said something one boolean column per channel, `allows` of
 * core/delivery/consent.ts in SQL, NULL where nothing was said. The newest statement counts; of two in one millisecond the
 * no, and a yes from a file only when there is nothing else, as with the contact's state.
 */
export const knownConsentsSql = ({ topic, lane }: Sending): string => {
  const keys = CHANNELS.flatMap((channel) => [channel, `${channel}/${topic}`]);
  return `said AS (
  SELECT profile_id, consent, given, row_number() OVER (
    PARTITION BY profile_id, consent ORDER BY CASE WHEN imported AND given THEN 1 ELSE 0 END, at_ms DESC, given
  ) AS newest
  FROM consents WHERE consent IN (${keys.map(textLiteral).join(', ')})
),
known AS (
  SELECT profile_id,
    ${CHANNELS.map((channel) => `${answer(channel, topic, lane)} AS ${channel}`).join(',\n    ')}
  FROM said WHERE newest = 1 GROUP BY profile_id
)`;
};

const answer = (channel: Channel, topic: string, lane: Lane): string =>
  lane === 'promotional'
    ? `coalesce(${given(`${channel}/${topic}`)}, ${given(channel)})`
    : given(`${channel}/${topic}`);
const given = (key: string): string => `max(CASE WHEN consent = ${textLiteral(key)} THEN given END)`;

/** Text with what is known of each channel, `,push:yes,` or `,push:no,`, of a row of `known` that may be missing. */
export const consentsText = (alias: string): string =>
  CHANNELS.map(
    (channel) =>
      `CASE WHEN ${alias}.${channel} THEN ',${channel}:yes,' WHEN NOT ${alias}.${channel} THEN ',${channel}:no,' ELSE '' END`,
  ).join(' || ');

export const consentsOf = (text: string): KnownConsents =>
  Object.fromEntries([...text.matchAll(/,(\w+):(yes|no),/g)].map(([, channel, answer]) => [channel, answer === 'yes']));
