import { type Model, type ModelVersion, type Run, versionId } from '../../core/audience/models/model.ts';
import { runOf } from '../../core/audience/models/model-decisions.ts';
import type { Definitions, Stored } from '../adapters/definitions.ts';

/** The model's item still carries the outbox of the run's start. The state machine tries again on this name. */
export class NotReady extends Error {
  override name = 'NotReady';
}

/** The model was deleted, or another run has taken its place: this one ends without a trace. */
export class RunGone extends Error {
  override name = 'RunGone';
}

/** What the state machine names in every task. */
export type RunTask = { modelId: string; run: number };

/** The model whose run this is. Throws RunGone and NotReady. */
export const loadRun = async (
  defs: Definitions,
  { modelId, run: id }: RunTask,
): Promise<{ stored: Stored<Model>; run: Run }> => {
  const stored = await defs.get<Model>('model', modelId);
  const run = runOf(stored?.body, id);
  if (!stored || !run) throw new RunGone(`Run ${id} of model ${modelId} is gone`);
  if (stored.outbox.length > 0) throw new NotReady(`Model ${modelId} is being changed`);
  return { stored, run };
};

/** A version that the state machine knows to be there. */
export const loadVersion = async (defs: Definitions, modelId: string, number: number): Promise<ModelVersion> => {
  const stored = await defs.get<ModelVersion>('model-version', versionId(modelId, number));
  if (!stored) throw new Error(`Model ${modelId} has no version ${number}`);
  return stored.body;
};
