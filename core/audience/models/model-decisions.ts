import type { ProblemType } from '../../access/problems.ts';
import { MAX_VERSIONS, type Model, type ModelInput, type Run, type RunEnd, type VersionSummary } from './model.ts';
import { nextFitMs } from './schedule.ts';

export type ModelDecision = { kind: 'save'; model: Model } | { kind: 'refuse'; problem: ProblemType; detail: string };
const refuse = (problem: ProblemType, detail: string): ModelDecision => ({ kind: 'refuse', problem, detail });
const save = (model: Model): ModelDecision => ({ kind: 'save', model });

/** A run that began a day ago and has not ended is dead: its state machine has long failed. */
const DEAD_AFTER_MS = 86_400_000;

/** The run that nothing may begin beside, and that nothing may change the model under. */
const runUnderWay = ({ run }: Model, nowMs: number): Run | undefined =>
  run && nowMs - run.startedMs < DEAD_AFTER_MS ? run : undefined;

/** Who begins a fit when nobody asked for it. */
export const SCHEDULE = 'schedule';

/**
 * The model after a change, or its beginning. The type stays, for its attributes do. A run
 * that is on was asked for with the model as it was.
 */
export const changedModel = (
  id: string,
  current: Model | undefined,
  input: ModelInput,
  actor: string,
  nowMs: number,
): ModelDecision => {
  const next = input.schedule && { nextFitMs: nextFitMs(input.schedule, nowMs) };
  if (!current || current.deletedMs !== undefined) {
    // Runs are counted on, so that no number of a version and no name of an execution comes twice.
    const { version = 0, runs = 0 } = current ?? {};
    return save({ id, input, version: version + 1, author: actor, createdMs: nowMs, runs, versions: [], ...next });
  }
  if (current.input.type !== input.type) {
    return refuse('state-conflict', `The model is of type ${current.input.type}; make another one`);
  }
  const under = runUnderWay(current, nowMs);
  if (under) return refuse('state-conflict', `Run ${under.id} is not finished`);
  // A dead run that came back to life would go on with another model than it was asked for.
  const { nextFitMs: _before, run: _dead, ...rest } = current;
  return save({ ...rest, version: current.version + 1, input, ...next });
};

const begun = (model: Model, kind: Run['kind'], number: number, by: string, nowMs: number): ModelDecision => {
  const under = runUnderWay(model, nowMs);
  if (under) return refuse('state-conflict', `Run ${under.id} is not finished`);
  const run: Run = { id: model.runs + 1, kind, number, by, startedMs: nowMs };
  return save({ ...model, version: model.version + 1, runs: run.id, run });
};

/** Versions are numbered by the run that fitted them, so that a number is never used twice. */
export const fitBegun = (model: Model, by: string, nowMs: number): ModelDecision =>
  begun(model, 'fit', model.runs + 1, by, nowMs);

export const activationBegun = (model: Model, number: number, by: string, nowMs: number): ModelDecision =>
  model.versions.some((one) => one.number === number)
    ? begun(model, 'activate', number, by, nowMs)
    : refuse('not-found', `The model has no version ${number}`);

/**
 * What the schedule does when it is due: a fit, or nothing while a run is on; either way the next time is set. Undefined
 * when it is not due.
 */
export const scheduledFit = (model: Model, nowMs: number): Model | undefined => {
  const {
    input: { schedule },
    deletedMs,
    nextFitMs: dueMs,
  } = model;
  if (!schedule || deletedMs !== undefined || dueMs === undefined || dueMs > nowMs) return undefined;
  const decision = fitBegun(model, SCHEDULE, nowMs);
  const next = decision.kind === 'save' ? decision.model : { ...model, version: model.version + 1 };
  return { ...next, nextFitMs: nextFitMs(schedule, nowMs) };
};

/** The run that the state machine speaks of, when it is still the model's. */
export const runOf = (model: Model | undefined, id: number): Run | undefined =>
  model?.deletedMs === undefined && model?.run?.id === id ? model.run : undefined;

/** The model with a version more. */
export const withVersion = (model: Model, summary: VersionSummary): Model => ({
  ...model,
  version: model.version + 1,
  versions: [summary, ...model.versions.filter(({ number }) => number !== summary.number)].slice(0, MAX_VERSIONS),
});

/** The model after its run. Only a run that wrote its values changes which version is active. */
export const runEnded = (model: Model, run: Run, end: RunEnd): Model => {
  const { run: _ended, ...rest } = model;
  return {
    ...rest,
    version: model.version + 1,
    lastRun: { ...run, ...end },
    ...(end.outcome === 'applied' && { activeNumber: run.number }),
  };
};

/** The model without its future: the schedule ends, a run that is on finds that it is gone. */
export const deletedModel = (model: Model, nowMs: number): Model => {
  const { run: _run, nextFitMs: _next, activeNumber: _active, ...rest } = model;
  return { ...rest, version: model.version + 1, deletedMs: nowMs };
};
