import { dayOf } from '../audience/event-window.ts';
import { type Sql, sql } from '../audience/sql.ts';
import { textLiteral } from '../audience/sql-literal.ts';
import { stepText } from '../strategy/journey/journey-text.ts';
import { DAY_MS } from './period.ts';

export const PARTICIPANT_PATH_DEFINITION =
  'Entries: each time that the person entered the journey, the oldest first, with every step in its order: where they were, which way they went on, and why. Entry 0: what was noted of somebody who has not entered, such as being held out. Of a step that asked for a message, firing names that message among those of the journey. Times are those from which durations run. Steps are in the lake about a minute after they happen; of who was erased there are none.';

/** Every step of a person in a journey, each once, in order. `fromMs`: none is older. */
export const participantPathQuery = (journeyId: string, profileId: string, fromMs: number): Sql => sql`SELECT
  entry, step, version, node, kind, way, why, at_ms
FROM (
  SELECT entry, step, version, node, kind, way, why, at_ms,
    row_number() OVER (PARTITION BY entry, step ORDER BY at_ms) AS nth
  FROM participant_steps
  WHERE dt >= ${textLiteral(dayOf(fromMs - DAY_MS))}
    AND journey_id = ${textLiteral(journeyId)} AND profile_id = ${textLiteral(profileId)}
) AS copies WHERE nth = 1
ORDER BY entry, step`;

export type PathStep = {
  step: number;
  /** Hash of the version that they were on. */
  version: string;
  node: string;
  kind: string;
  way: string;
  why: string;
  atMs: number;
  /** The step in English. */
  text: string;
  /** Of a step that asked for a message. */
  firing?: string;
};
export type ParticipantPath = { entries: { entry: number; steps: PathStep[] }[] };

const ASKING: readonly string[] = ['message', 'webhook'];

/** `rows` of `participantPathQuery`. */
export const participantPathOf = (rows: readonly Record<string, string | null>[]): ParticipantPath => {
  const steps = rows.map((row) => {
    const [entry, step] = [Number(row.entry), Number(row.step)];
    const { version, node, kind, way, why } = row;
    const told = { node: node ?? '', kind: kind ?? '', way: way ?? '', why: why ?? '', atMs: Number(row.at_ms) };
    const firing = ASKING.includes(told.kind) && told.way === 'next' ? { firing: `${entry}.${step}` } : {};
    return { entry, one: { step, version: version ?? '', ...told, text: stepText(told), ...firing } };
  });
  const byEntry = Map.groupBy(steps, ({ entry }) => entry);
  return { entries: [...byEntry].map(([entry, own]) => ({ entry, steps: own.map(({ one }) => one) })) };
};
