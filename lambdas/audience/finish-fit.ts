import { type ModelVersion, type RunEnd, versionId } from '../../core/audience/models/model.ts';
import { runEnded } from '../../core/audience/models/model-decisions.ts';
import { definitions } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { readEnv } from '../middleware/read-env.ts';
import type { Progress } from './apply-scores.ts';
import { env } from './finish-fit.env.ts';
import { loadRun, type RunTask } from './model-run.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };

/** What there is of: values were written; the data cannot carry the model; the version waits for somebody's look; it broke. */
type Task = RunTask & {
  progress?: Progress;
  unfit?: string;
  doubt?: string;
  failure?: { Error?: string; Cause?: string };
};

/**
 * Task of fit-model: notes how the run ended, in the model and, when values were written, in the version. Running it twice
 * is safe: the second time the run is not the model's any more, which RunGone says. Throws RunGone and NotReady.
 */
export const handler = async ({ progress, unfit, doubt, failure, ...task }: Task): Promise<{ outcome: string }> => {
  const { stored, run } = await loadRun(defs, task);
  const endedMs = Date.now();
  const end = endOf({ progress, unfit, doubt, failure }, endedMs);
  if (progress) {
    const id = versionId(task.modelId, run.number);
    const version = await defs.get<ModelVersion>('model-version', id);
    if (!version) throw new Error(`Model ${task.modelId} has no version ${run.number}`);
    const { scored, changed, moved } = progress;
    const applied = { atMs: endedMs, scored, changed, moved };
    await defs.put('model-version', id, { ...version.body, applied }, version.version, endedMs);
  }
  const model = runEnded(stored.body, run, end);
  const detail = 'reason' in end ? `${end.outcome}: ${end.reason}` : `${end.changed} of ${end.scored} people changed`;
  const entry = {
    subject: `model/${model.id}`,
    action: run.kind,
    actor: run.by,
    atMs: endedMs,
    version: model.version,
    detail: `version ${run.number}: ${detail}`.slice(0, 1_000),
  };
  await saveDefinition(defs, 'model', model.id, model, stored.version, endedMs, [{ effect: 'audit', entry }], sinks);
  return { outcome: end.outcome };
};

type End = { [Name in Exclude<keyof Task, keyof RunTask>]: Task[Name] | undefined };
const endOf = ({ progress, unfit, doubt, failure }: End, endedMs: number): RunEnd => {
  if (progress) return { outcome: 'applied', endedMs, scored: progress.scored, changed: progress.changed };
  if (unfit) return { outcome: 'failed', endedMs, reason: unfit };
  if (doubt) return { outcome: 'held-back', endedMs, reason: doubt };
  const reason =
    failure?.Error === 'Unfit'
      ? messageOf(failure.Cause)
      : `Stopped by an error on our side: ${failure?.Error ?? 'unknown'}`;
  return { outcome: 'failed', endedMs, reason };
};

/** What Step Functions gives as the cause of a function's error is JSON with its message. */
const messageOf = (cause = ''): string => {
  try {
    return String((JSON.parse(cause) as { errorMessage?: string }).errorMessage ?? cause);
  } catch {
    return cause;
  }
};
