import type { Model } from '../../core/audience/models/model.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';

/** Stores a model one version on; with a run that has just begun also starts its execution, named after the run. */
export const saveModel = async (
  defs: Definitions,
  model: Model,
  { action, actor, starts }: { action: string; actor: string; starts: boolean },
  nowMs: number,
  sinks: { auditTable: string; machines: { 'fit-model': string } },
): Promise<Model> => {
  const { id, version, run, input } = model;
  const entry = { subject: `model/${id}`, action, actor, atMs: nowMs, version, detail: input.name };
  const outbox: OutboxEntry[] = [
    { effect: 'audit', entry },
    ...(starts && run
      ? [
          {
            effect: 'start-execution' as const,
            machine: 'fit-model' as const,
            name: `${id}-${run.id}`,
            input: { modelId: id, run: run.id },
          },
        ]
      : []),
  ];
  return (await saveDefinition(defs, 'model', id, model, version - 1, nowMs, outbox, sinks)).body;
};
