import type { Model } from '../../core/audience/models/model.ts';
import { SCHEDULE, scheduledFit } from '../../core/audience/models/model-decisions.ts';
import { definitions, VersionConflict } from '../adapters/definitions.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './refit-models.env.ts';
import { saveModel } from './save-model.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, FIT_MACHINE_ARN } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE, machines: { 'fit-model': FIT_MACHINE_ARN } };

/**
 * Each hour: begins a fit of every model whose schedule is due. Running it twice is safe: who begins a fit sets the next
 * time in the same write, so the second one finds that it is not due, or that the model has changed. A missed hour is made
 * up for by the next one, once.
 */
export const handler = async (): Promise<{ begun: number }> => {
  const nowMs = Date.now();
  let begun = 0;
  for (const { body } of await defs.all<Model>('model')) {
    const model = scheduledFit(body, nowMs);
    if (!model) continue;
    const starts = model.runs > body.runs;
    try {
      await saveModel(
        defs,
        model,
        { action: starts ? 'fit-begun' : 'fit-skipped', actor: SCHEDULE, starts },
        nowMs,
        sinks,
      );
      if (starts) begun += 1;
    } catch (error) {
      // Somebody changed it just now: the next hour looks again.
      if (!(error instanceof VersionConflict)) throw error;
      console.warn({ message: 'A model was changed while its fit was due', modelId: model.id });
    }
  }
  return { begun };
};
