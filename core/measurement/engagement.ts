import { dayOf } from '../audience/event-window.ts';
import { type Sql, sql } from '../audience/sql.ts';
import { textLiteral } from '../audience/sql-literal.ts';
import { DAY_MS } from './period.ts';

export const ENGAGEMENT_DEFINITION =
  'Opened and clicked: people of whom at least one open, or click, was a person’s by all that is known; `machines` are people of whom a machine was noticed, by what it was (too-soon: within ten seconds; head, scanner: programs that check links; privacy-proxy: Apple Mail; prefetch, image-proxy: mailboxes that fetch images; all-links: two links of a message within a second). Somebody may be in both. Links: people who clicked, by address without its query, the 50 most clicked.';

/**
 * What was heard of the links and images of one run's messages (core/delivery/links/link-receipt.ts says what a reason holds), judged
 * once more: of clicks that looked like a person's, two of different links within a second were a machine's. Every copy of a
 * row says the same, so people are counted and not rows.
 */
export const heardSql = (fromMs: number, where: Sql): Sql => sql`heard AS (
  SELECT profile_id, outcome, reason, starts_with(reason, '|') AS plain, at_ms,
    min(reason) OVER (PARTITION BY profile_id, outcome, starts_with(reason, '|') ORDER BY at_ms
      RANGE BETWEEN 1000 PRECEDING AND 1000 FOLLOWING) AS least,
    max(reason) OVER (PARTITION BY profile_id, outcome, starts_with(reason, '|') ORDER BY at_ms
      RANGE BETWEEN 1000 PRECEDING AND 1000 FOLLOWING) AS greatest
  FROM outcomes
  WHERE dt >= ${textLiteral(dayOf(fromMs - DAY_MS))} AND ${where} AND outcome IN ('opened', 'clicked')
), judged AS (
  SELECT profile_id, outcome, at_ms,
    CASE WHEN outcome = 'opened' THEN reason
      WHEN NOT plain THEN substr(reason, 1, strpos(reason, '|') - 1)
      WHEN least <> greatest THEN 'all-links' ELSE '' END AS machine,
    CASE WHEN plain AND least = greatest THEN substr(reason, 2) ELSE '' END AS link
  FROM heard
)`;

/** People by what was heard and by machine, and by link, in the columns of a campaign's report. */
export const engagementRowsSql = sql`SELECT false AS final, outcome, '' AS channel, machine AS reason, count(DISTINCT profile_id) AS outcomes
FROM judged GROUP BY outcome, machine
UNION ALL
SELECT final, outcome, channel, reason, outcomes FROM (
  SELECT false AS final, 'link' AS outcome, '' AS channel, link AS reason, count(DISTINCT profile_id) AS outcomes
  FROM judged WHERE link <> '' GROUP BY link ORDER BY count(DISTINCT profile_id) DESC, link LIMIT 50
) AS links`;

const PARTS: readonly unknown[] = ['opened', 'clicked', 'link'];
/** Whether a row is one of these, by its outcome. */
export const isEngagement = (outcome: unknown): boolean => PARTS.includes(outcome);

type Heard = { people: number; machines: Record<string, number> };
export type Engagement = { opened: Heard; clicked: Heard; links: { link: string; people: number }[] };

export const engagementOf = (rows: readonly Record<string, string | null>[]): Engagement => {
  const counts = (part: string) =>
    rows.filter((row) => row.outcome === part).map(({ reason, outcomes }) => [reason ?? '', Number(outcomes)] as const);
  const heard = (part: string): Heard => ({
    people: counts(part).find(([name]) => name === '')?.[1] ?? 0,
    machines: Object.fromEntries(counts(part).filter(([name]) => name !== '')),
  });
  const links = counts('link').map(([link, people]) => ({ link, people }));
  return {
    opened: heard('opened'),
    clicked: heard('clicked'),
    links: links.sort((a, b) => b.people - a.people || (a.link < b.link ? -1 : 1)),
  };
};
