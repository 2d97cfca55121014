import { CHANNELS, type Channel, type Lane } from '../delivery/channel.ts';
import { joined, type Sql, sql } from './sql.ts';
import { textLiteral } from './sql-literal.ts';

/** What is to be sent. */
export type Sending = { topic: string; lane: Lane };
/** What the lake knows of a person's consents: absent is nothing, on which the contact may know better. */
export type KnownConsents = Partial<Record<Channel, boolean>>;

/** The channels as columns. */
export const CHANNEL_COLUMNS: Record<Channel, Sql> = {
  push: sql`push`,
  sms: sql`sms`,
  email: sql`email`,
  whatsapp: sql`whatsapp`,
  wechat: sql`wechat`,
  inapp: sql`inapp`,
  webhook: sql`webhook`,
};

/**
 * CTEs `said` and `known`: per person who ever said something one boolean column per channel, `allows` of
 * core/delivery/consent.ts in SQL, NULL where nothing was said. The newest statement counts; of two in one millisecond the
 * no, and a yes from a file only when there is nothing else, as with the contact's state.
 */
export const knownConsentsSql = ({ topic, lane }: Sending): Sql => {
  const keys = CHANNELS.flatMap((channel) => [channel, `${channel}/${topic}`]);
  return sql`said AS (
  SELECT profile_id, consent, given, row_number() OVER (
    PARTITION BY profile_id, consent ORDER BY CASE WHEN imported AND given THEN 1 ELSE 0 END, at_ms DESC, given
  ) AS newest
  FROM consents WHERE consent IN (${joined(keys.map(textLiteral), ', ')})
),
known AS (
  SELECT profile_id,
    ${joined(
      CHANNELS.map((channel) => sql`${answer(channel, topic, lane)} AS ${CHANNEL_COLUMNS[channel]}`),
      ',\n    ',
    )}
  FROM said WHERE newest = 1 GROUP BY profile_id
)`;
};

const answer = (channel: Channel, topic: string, lane: Lane): Sql =>
  lane === 'promotional'
    ? sql`coalesce(${given(`${channel}/${topic}`)}, ${given(channel)})`
    : given(`${channel}/${topic}`);
const given = (key: string): Sql => sql`max(CASE WHEN consent = ${textLiteral(key)} THEN given END)`;

/** Text with what is known of each channel, `,push:yes,` or `,push:no,`, of a row of `known` that may be missing. */
export const consentsText = (alias: Sql): Sql =>
  joined(
    CHANNELS.map((channel) => {
      const known = sql`${alias}.${CHANNEL_COLUMNS[channel]}`;
      const [yes, no] = [textLiteral(`,${channel}:yes,`), textLiteral(`,${channel}:no,`)];
      return sql`CASE WHEN ${known} THEN ${yes} WHEN NOT ${known} THEN ${no} ELSE '' END`;
    }),
    ' || ',
  );

export const consentsOf = (text: string): KnownConsents =>
  Object.fromEntries([...text.matchAll(/,(\w+):(yes|no),/g)].map(([, channel, answer]) => [channel, answer === 'yes']));
