import { dayOf } from '../audience/event-window.ts';
import { joined, type Sql, sql } from '../audience/sql.ts';
import { integerLiteral, textLiteral } from '../audience/sql-literal.ts';
import { roundOf } from '../strategy/experiment/experiment-words.ts';
import type { timeForGoal } from '../strategy/experiment/journey-experiment.ts';
import type { Visits } from '../strategy/experiment/settled.ts';
import { HAD_BEFORE, HAD_NOTHING_LEFT } from '../strategy/journey/choices.ts';
import { DAY_MS } from './period.ts';

/**
 * `versions`: hashes of those that go on with the experiment. Whose time is over at `nowMs` counts; steps and late events take a while to reach the
 * lake. Whose time was over at `settledMs` was counted for good: nobody's was when it began. Whose time is over at `settlesMs` is now.
 */
export type CountAsked = {
  journeyId: string;
  node: string;
  versions: readonly string[];
  goal: string;
  time: ReturnType<typeof timeForGoal>;
  settledMs: number;
  settlesMs: number;
  nowMs: number;
};

/**
 * Who came to the arms of an experiment, and what became of them, each person once: by the step at the node at which chance decided, which says so.
 * Whoever had an arm before, from whatever version, does not count. A goal counts in the entry in which they came, from then on until their time is
 * over. Who had reached it before has nothing left to reach: by an event from before, or by one that was heard before they came, like the one that has
 * led them there; and so has whose time was over when they came.
 *
 * Nothing is read that is older than what somebody may need whose time was not over at `settledMs`: their step at the node, their entry where their
 * time begins there, and their goal are that new, and what they had done before, that step tells.
 */
export const experimentCountQuery = ({
  journeyId,
  node,
  versions,
  goal,
  time,
  settledMs,
  settlesMs,
  nowMs,
}: CountAsked): Sql => {
  const ofVersions = sql`version IN (${joined(versions.map(textLiteral), ', ')})`;
  const byChance = sql`why NOT LIKE ${textLiteral(`${HAD_BEFORE}%`)}`;
  const own = sql`node = ${textLiteral(node)} AND kind = 'experiment' AND ${ofVersions} AND ${byChance}`;
  const closes = sql`${time.from === 'entry' ? sql`e.entered_ms` : sql`v.at_ms`} + ${integerLiteral(time.ms)}`;
  const hadNothing = sql`v.why LIKE ${textLiteral(`%${HAD_NOTHING_LEFT}`)}`;
  const isSettled = sql`over_ms <= ${integerLiteral(settlesMs)}`;
  return sql`WITH steps_once AS (
  SELECT profile_id, entry, step, kind, way, why, at_ms FROM (
    SELECT profile_id, entry, step, kind, way, why, at_ms,
      row_number() OVER (PARTITION BY profile_id, entry, step ORDER BY at_ms) AS nth
    FROM participant_steps
    WHERE dt >= ${textLiteral(dayOf(settledMs - time.ms - DAY_MS))} AND journey_id = ${textLiteral(journeyId)}
      AND (kind = 'entry' OR (kind = 'goal' AND way = ${textLiteral(goal)}) OR (${own}))
  ) AS copies WHERE nth = 1
), entries AS (
  SELECT profile_id, entry, min(at_ms) AS entered_ms FROM steps_once WHERE kind = 'entry' GROUP BY profile_id, entry
), goals AS (
  SELECT profile_id, entry, min(at_ms) AS reached_ms, min(step) AS step FROM steps_once WHERE kind = 'goal' GROUP BY profile_id, entry
), judged AS (
  SELECT v.way AS arm, regexp_extract(v.why, 'round [0-9]+') AS round,
    CASE WHEN ${hadNothing} THEN v.at_ms ELSE ${closes} END AS over_ms,
    CASE WHEN ${hadNothing} OR g.reached_ms < v.at_ms OR g.step < v.step THEN 'before'
      WHEN ${closes} > ${integerLiteral(nowMs)} THEN 'open'
      WHEN g.reached_ms <= ${closes} THEN 'success'
      ELSE 'failure' END AS fate
  FROM steps_once AS v
  LEFT JOIN entries AS e ON e.profile_id = v.profile_id AND e.entry = v.entry
  LEFT JOIN goals AS g ON g.profile_id = v.profile_id AND g.entry = v.entry
  WHERE v.kind = 'experiment'
)
SELECT arm, round, fate, ${isSettled} AS settled, count(*) AS people
FROM judged WHERE over_ms > ${integerLiteral(settledMs)} GROUP BY arm, round, fate, ${isSettled}`;
};

/** `rows` of `experimentCountQuery`. */
export const visitsOf = (rows: readonly Record<string, string | null>[]): Visits[] =>
  rows.map(({ arm, round, fate, settled, people }) => ({
    arm: arm ?? '',
    round: roundOf(round ?? ''),
    fate: (fate ?? 'failure') as Visits['fate'],
    isSettled: settled === 'true',
    people: Number(people),
  }));
