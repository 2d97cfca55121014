import { type Sql, sql } from '../audience/sql.ts';
import { textLiteral } from '../audience/sql-literal.ts';
import { EXPLORED_SHARE } from '../delivery/due-times.ts';

export const SEND_TIME_EFFECT_DEFINITION =
  'Of a campaign that chooses the hour, sendTime: people who were sent to, and who opened and clicked by all that is known, of those whose hour was chosen and of those whose hour was left to chance. The two differ in nothing else, so the difference of their rates is what choosing was worth, as far as there are enough people.';

/** As `exploredAt` decides: the first eight digits of the MD5 of run and person, below this. */
const BELOW = textLiteral(
  Math.ceil(EXPLORED_SHARE * 2 ** 32)
    .toString(16)
    .toUpperCase()
    .padStart(8, '0'),
);

/** People by how their hour was found and by what they did, in the columns of a campaign's report. */
export const sendTimeEffectSql = (runId: string): Sql => {
  const hash = sql`substr(to_hex(md5(to_utf8(${textLiteral(`${runId}#`)} || profile_id))), 1, 8)`;
  return sql`SELECT false AS final, 'send-time' AS outcome, found AS channel, did AS reason, count(DISTINCT profile_id) AS outcomes
FROM (
  SELECT profile_id, did, CASE WHEN ${hash} < ${BELOW} THEN 'chance' ELSE 'chosen' END AS found FROM (
    SELECT profile_id, 'sent' AS did FROM outcomes_once WHERE final AND outcome = 'sent'
    UNION ALL
    SELECT profile_id, outcome AS did FROM judged WHERE machine = ''
  ) AS deeds
) AS timed GROUP BY found, did`;
};

type Deeds = { sent: number; opened: number; clicked: number };
export type SendTimeEffect = { sendTime?: { chosen: Deeds; chance: Deeds } };

type Row = Record<string, string | null>;
export const isSendTime = ({ outcome }: Row): boolean => outcome === 'send-time';

/** Nothing when the campaign does not choose hours, or nobody was sent to yet. */
export const sendTimeEffectOf = (rows: readonly Row[]): SendTimeEffect => {
  const own = rows.filter(isSendTime);
  if (own.length === 0) return {};
  const count = (found: string, did: string) =>
    Number(own.find(({ channel, reason }) => channel === found && reason === did)?.outcomes ?? 0);
  const deeds = (found: string): Deeds => ({
    sent: count(found, 'sent'),
    opened: count(found, 'opened'),
    clicked: count(found, 'clicked'),
  });
  return { sendTime: { chosen: deeds('chosen'), chance: deeds('chance') } };
};
