import { dayOf } from '../audience/event-window.ts';
import { joined, type Sql, sql } from '../audience/sql.ts';
import { integerLiteral, textLiteral } from '../audience/sql-literal.ts';
import { roundOf } from '../strategy/experiment/experiment-words.ts';
import type { timeForGoal } from '../strategy/experiment/journey-experiment.ts';
import type { VisitCount } from '../strategy/experiment/look-at-experiment.ts';
import { DAY_MS } from './period.ts';

/**
 * `versions`: hashes of those that go on with the experiment. `fromMs`: nobody was in the journey before. `nowMs`: whose time is over then,
 * counts; steps and late events take a while to reach the lake.
 */
export type CountAsked = {
  journeyId: string;
  node: string;
  versions: readonly string[];
  goal: string;
  time: ReturnType<typeof timeForGoal>;
  fromMs: number;
  nowMs: number;
};

/**
 * Who came to the arms of an experiment, and what became of them, each person once: by their first step at the node in any version, for that
 * is when chance decided. Whoever had an arm from another experiment keeps it, and does not count. A goal counts in the entry in which they came,
 * from then on until their time is over. Who had reached it before has nothing left to reach: by an event from before, or by one that was heard before
 * they came, like the one that has led them there.
 */
export const experimentCountQuery = ({ journeyId, node, versions, goal, time, fromMs, nowMs }: CountAsked): Sql => {
  const own = sql`node = ${textLiteral(node)} AND kind IN ('split', 'experiment')`;
  const closes = sql`${time.from === 'entry' ? sql`e.entered_ms` : sql`v.at_ms`} + ${integerLiteral(time.ms)}`;
  return sql`WITH steps_once AS (
  SELECT profile_id, entry, step, version, node, kind, way, why, at_ms FROM (
    SELECT profile_id, entry, step, version, node, kind, way, why, at_ms,
      row_number() OVER (PARTITION BY profile_id, entry, step ORDER BY at_ms) AS nth
    FROM participant_steps
    WHERE dt >= ${textLiteral(dayOf(fromMs - DAY_MS))} AND journey_id = ${textLiteral(journeyId)}
      AND (kind = 'entry' OR (kind = 'goal' AND way = ${textLiteral(goal)}) OR (${own}))
  ) AS copies WHERE nth = 1
), visits AS (
  SELECT * FROM (
    SELECT profile_id, entry, step, version, kind, way, why, at_ms,
      row_number() OVER (PARTITION BY profile_id ORDER BY entry, step) AS nth
    FROM steps_once WHERE ${own}
  ) AS all_visits WHERE nth = 1 AND kind = 'experiment' AND version IN (${joined(versions.map(textLiteral), ', ')})
), entries AS (
  SELECT profile_id, entry, min(at_ms) AS entered_ms FROM steps_once WHERE kind = 'entry' GROUP BY profile_id, entry
), goals AS (
  SELECT profile_id, entry, min(at_ms) AS reached_ms, min(step) AS step FROM steps_once WHERE kind = 'goal' GROUP BY profile_id, entry
), judged AS (
  SELECT v.way AS arm, regexp_extract(v.why, 'round [0-9]+') AS round,
    CASE WHEN g.reached_ms < v.at_ms OR g.step < v.step THEN 'before'
      WHEN ${closes} > ${integerLiteral(nowMs)} THEN 'open'
      WHEN g.reached_ms <= ${closes} THEN 'success'
      ELSE 'failure' END AS fate
  FROM visits AS v
  JOIN entries AS e ON e.profile_id = v.profile_id AND e.entry = v.entry
  LEFT JOIN goals AS g ON g.profile_id = v.profile_id AND g.entry = v.entry
)
SELECT arm, round, fate, count(*) AS people FROM judged GROUP BY arm, round, fate`;
};

/** `rows` of `experimentCountQuery`. */
export const visitCountsOf = (rows: readonly Record<string, string | null>[]): VisitCount[] =>
  rows.map(({ arm, round, fate, people }) => ({
    arm: arm ?? '',
    round: roundOf(round ?? ''),
    fate: (fate ?? 'failure') as VisitCount['fate'],
    people: Number(people),
  }));
