import { setTimeout } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { type FactsRow, factsOf } from '../../core/audience/models/facts.ts';
import { traitsOf } from '../../core/audience/models/facts-question.ts';
import { attributesOf } from '../../core/audience/models/model.ts';
import { addTransition, type Transitions } from '../../core/audience/models/rfm.ts';
import { attributeChange, cameFrom, valuesOf } from '../../core/audience/models/score.ts';
import { definitions } from '../adapters/definitions.ts';
import { appendRows } from '../adapters/lake.ts';
import { profiles } from '../adapters/profiles.ts';
import { unloadedRows } from '../adapters/unloaded-rows.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './apply-scores.env.ts';
import { loadRun, loadVersion, type RunTask } from './model-run.ts';
import { type AttributeChange, writeAttributes } from './write-attributes.ts';

const { DEFINITIONS_TABLE, PROFILES_TABLE, PROFILES_STREAM, WORK_BUCKET } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const ports = {
  profiles: profiles(PROFILES_TABLE),
  appendProfiles: (rows: object[]) => appendRows(PROFILES_STREAM, rows),
};

/** Changed people that are written together: what a crash repeats. */
const WINDOW = 500;
/** Where next to nobody changes, the clock is looked at after so many people: less than a second. */
const LOOK_UP = 10_000;
/** Changed profiles a second, at most: a tenth of what a new on-demand table takes, so that senders and imports find room. */
const PER_SECOND = 400;
/** The part of the Lambda's time after which no new window is begun. */
const TIME_SHARE = 0.6;

/** The place of the next row, and what was counted up to it. `moved` is by the model's first attribute. */
export type Progress = { file: number; line: number; scored: number; changed: number; moved: Transitions };
type Task = RunTask & { manifest: string; progress: Progress };

/**
 * Task of fit-model: scores everybody in the UNLOAD with the run's version and merges new values into the profiles of those
 * who have others, at a bounded speed, until all are done or time is short. Memory: one window. Running it twice is safe: a
 * value that is there already is not written again, and counts depend on the file only. Throws RunGone and NotReady.
 */
export const handler = async (
  { modelId, run: runId, manifest, progress }: Task,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ done: boolean; progress: Progress }> => {
  const { run } = await loadRun(defs, { modelId, run: runId });
  const { parameters, input } = await loadVersion(defs, modelId, run.number);
  const [attributes, traits, cutMs] = [attributesOf({ id: modelId, input }), traitsOf({ input }), run.startedMs + 1];
  const enoughMs = context.getRemainingTimeInMillis() * (1 - TIME_SHARE);

  const reached = structuredClone(progress);
  let changes: AttributeChange[] = [];
  const write = async () => {
    const startedMs = performance.now();
    await writeAttributes(ports, changes, `model:${modelId}#${runId}@${reached.file}.${reached.line}`, Date.now());
    const leftMs = (1_000 * changes.length) / PER_SECOND - (performance.now() - startedMs);
    if (leftMs > 0) await setTimeout(leftMs);
    changes = [];
  };
  for await (const { row, file, line } of unloadedRows<FactsRow>(WORK_BUCKET, manifest, progress)) {
    Object.assign(reached, { file, line: line + 1 });
    const facts = factsOf(row, attributes.length, traits);
    if (facts.part !== 'now') continue;
    const values = valuesOf(parameters, facts, cutMs);
    const [value = null] = values;
    reached.scored += 1;
    addTransition(reached.moved, cameFrom(parameters, facts.was[0]), value === null ? undefined : String(value));
    const change = attributeChange(attributes, facts.was, values);
    if (change) {
      reached.changed += 1;
      changes.push({ profileId: facts.profileId, attributes: change });
    }
    if (changes.length < WINDOW && reached.scored % LOOK_UP !== 0) continue;
    await write();
    if (context.getRemainingTimeInMillis() < enoughMs) return { done: false, progress: reached };
  }
  await write();
  return { done: true, progress: reached };
};
