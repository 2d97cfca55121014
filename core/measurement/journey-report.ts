import { dayOf } from '../audience/event-window.ts';
import { type Sql, sql } from '../audience/sql.ts';
import { textLiteral } from '../audience/sql-literal.ts';
import { DAY_MS } from './period.ts';

export const JOURNEY_REPORT_DEFINITION =
  'Entered: participations that began, each entry of a person counted. Held out: people whom the journey, or everything, leaves out; they never entered. Inside: participations that rest at a node now. Ended: the others, by why. Goals: participations that reached them. By node: how often somebody came to it, how many rest there, and how often it was left, by which way: a branch, an arm, an event, next, a timeout, or why it ended there. All versions together. Experiments: those of the version in force, as they were counted last, which is done once a day: assigned are people who came to an arm, people those of them whose time for the goal is over, successes who reached it in that time. Steps are in the lake about a minute after they happen.';

/** Counts of the steps of all participants since `fromMs`, each step once. */
export const journeyReportQuery = (journeyId: string, fromMs: number): Sql => sql`WITH steps_once AS (
  SELECT profile_id, entry, step, node, kind, way FROM (
    SELECT profile_id, entry, step, node, kind, way,
      row_number() OVER (PARTITION BY profile_id, entry, step ORDER BY at_ms) AS nth
    FROM participant_steps
    WHERE dt >= ${textLiteral(dayOf(fromMs - DAY_MS))} AND journey_id = ${textLiteral(journeyId)}
  ) AS copies WHERE nth = 1
), placed AS (
  SELECT node, kind, way, row_number() OVER (PARTITION BY profile_id, entry ORDER BY step DESC) AS back
  FROM steps_once WHERE kind <> 'goal'
)
SELECT node, kind, way, CASE WHEN back = 1 THEN 'last' ELSE 'passed' END AS place, count(*) AS steps
FROM placed GROUP BY 1, 2, 3, 4
UNION ALL
SELECT node, kind, way, 'goal', count(*) FROM steps_once WHERE kind = 'goal' GROUP BY 1, 2, 3`;

type Counts = Record<string, number>;
export type NodeReport = { kind: string; entered: number; inside: number; left: Counts };
export type JourneyReport = {
  entered: number;
  heldOut: number;
  inside: number;
  ended: Counts;
  goals: Counts;
  nodes: Record<string, NodeReport>;
};

const HELD_OUT = 'held-out';

/** `rows` of `journeyReportQuery`. */
export const journeyReportOf = (rows: readonly Record<string, string | null>[]): JourneyReport => {
  const report: JourneyReport = { entered: 0, heldOut: 0, inside: 0, ended: {}, goals: {}, nodes: {} };
  const add = (to: Counts, name: string, count: number) => {
    to[name] = (to[name] ?? 0) + count;
  };
  for (const row of rows) {
    const { node, kind, way, place } = row;
    const [nodeId, name, count] = [node ?? '', way ?? '', Number(row.steps)];
    if (place === 'goal') {
      add(report.goals, name, count);
      continue;
    }
    const isAtDoor = nodeId === '' && kind === 'entry';
    if (isAtDoor && name === HELD_OUT) {
      report.heldOut += count;
      continue;
    }
    if (isAtDoor) report.entered += count;
    const rests = name === 'waits';
    if (place === 'last' && rests) report.inside += count;
    if (place === 'last' && !rests) add(report.ended, name, count);
    if (nodeId === '') continue;
    const own = report.nodes[nodeId] ?? { kind: kind ?? '', entered: 0, inside: 0, left: {} };
    report.nodes[nodeId] = own;
    // Whoever waited and went on has two steps here, and came once.
    if (rests && place === 'passed') continue;
    own.entered += count;
    if (rests) own.inside += count;
    else add(own.left, name, count);
  }
  return report;
};
