import type { Trigger } from '../../core/event/trigger.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import type { Drafts } from '../../core/strategy/playbook/instantiate.ts';
import type { Template } from '../../core/strategy/template.ts';
import type { DefinitionKind, Definitions } from '../adapters/definitions.ts';
import { createDefinition, type Sinks } from '../adapters/outbox.ts';
import type { NamedSegment } from '../adapters/segments.ts';

type By = { actor: string; nowMs: number; playbookId: string };

/**
 * Saves the drafts, what others refer to first: a plan never names what there is not. Doing it again is harmless: what is there
 * already stays as it now is, so a call that died half-way is repeated with the same ids and finished.
 */
export const createDrafts = async (
  { defs, sinks }: { defs: Definitions; sinks: Sinks },
  { segments, templates, plan }: Drafts,
  { actor, nowMs, playbookId }: By,
): Promise<void> => {
  const create = <T extends { id: string; name: string }>(kind: DefinitionKind, body: T) => {
    const detail = `${body.name}, from the playbook ${playbookId}`;
    const entry = { subject: `${kind}/${body.id}`, action: 'create', actor, atMs: nowMs, version: 1, detail };
    return createDefinition<T>(defs, kind, body.id, body, nowMs, [{ effect: 'audit', entry }], sinks);
  };
  const born = { version: 1, author: actor, createdMs: nowMs };
  for (const { id, name, segment } of segments) await create<NamedSegment>('segment', { id, name, segment, ...born });
  const saved = { savedBy: actor, savedMs: nowMs };
  for (const { id, template } of templates) {
    await create<Template>('template', { ...template, id, version: 1, editors: [actor], ...saved });
  }
  const draft = { ...born, id: plan.id, state: 'draft' as const, editors: [] };
  if (plan.kind === 'trigger') await create<Trigger>('trigger', { ...plan.input, ...draft });
  else if (plan.kind === 'campaign') await create<Campaign>('campaign', { ...plan.input, ...draft });
  else await create<Journey>('journey', { ...plan.input, ...draft });
};
