import { DEFAULT_EXPIRY_SECONDS, isUnderWay } from '../../core/strategy/approval/decisions.ts';
import { withdrawn } from '../../core/strategy/approval/in-force.ts';
import {
  type SubmittedTemplate,
  type TemplateChange,
  templateApproval,
} from '../../core/strategy/template/template-change.ts';
import { contentOf, type Template } from '../../core/strategy/template.ts';
import { createDefinition } from '../adapters/outbox.ts';
import { storeSubmission } from '../adapters/submissions.ts';
import { Problem } from '../middleware/problem.ts';
import type { Store } from './change-campaign.ts';
import { askForApproval, changeForced, isForceRefusal } from './change-forced.ts';
import { levelsFor } from './levels-for.ts';
import { touchedPlans } from './touched-plans.ts';

/** Asks for approval of a template as it now is, in all the plans in force that have it otherwise. */
export const submitTemplate = async (
  store: Store,
  template: Template,
  expirySeconds: number = DEFAULT_EXPIRY_SECONDS,
  actor: string,
  nowMs: number,
): Promise<TemplateChange> => {
  const { defs, sinks } = store;
  const { id, name, version: templateVersion, editors } = template;
  const { plans, beingEdited, errors, topics, channels } = await touchedPlans(defs, template, nowMs);
  if (errors.length > 0) {
    throw new Problem('invalid-reference', errors.map(({ message }) => message).join('; '), { errors });
  }
  if (plans.length === 0) {
    const edited = beingEdited.map(
      (one) => `; the journey “${one.name}” is being edited, and has it once that is approved`,
    );
    throw new Problem('state-conflict', `No trigger or journey in force has it otherwise${edited.join('')}`);
  }
  const submitted: SubmittedTemplate = { template: contentOf(template), plans };
  const author = editors[0] ?? actor;
  const hash = await storeSubmission(defs, 'template', id, submitted, nowMs);
  const policy = await levelsFor(defs, { author, editors }, [], { kind: 'template', topics, channels }, actor);
  const first: TemplateChange = { id, version: 1, state: 'draft', name, author, editors, templateVersion, plans: [] };
  const entry = { subject: `template/${id}`, action: 'propose', actor, atMs: nowMs, version: 1, detail: name };
  await createDefinition(defs, 'template-change', id, first, nowMs, [{ effect: 'audit', entry }], sinks);
  const result = await changeForced<TemplateChange>(
    store,
    'template',
    id,
    actor,
    nowMs,
    (change) => {
      // One of an older version, which nobody can approve any more, gives way: an edit that was saved late has left it.
      const isOlder = isUnderWay(change) && change.templateVersion !== templateVersion;
      const { beingEdited: _past, ...before } = isOlder ? withdrawn(change) : change;
      const edited = beingEdited.length > 0 && { beingEdited };
      const now: TemplateChange = { ...before, name, author, editors, templateVersion, plans, ...edited };
      return templateApproval.submitted(now, { hash, expirySeconds, ...policy }, actor, nowMs);
    },
    (after) => [askForApproval('template', after, nowMs)],
  );
  if (!result) throw new Error(`The change of template ${id} is gone`);
  if (isForceRefusal(result)) throw new Problem(result.problem, result.detail);
  // An edit that was saved meanwhile found nothing in review.
  if ((await defs.get('template', id))?.version !== templateVersion) {
    await voidTemplateChange(store, id, actor, nowMs);
    throw new Problem('version-conflict', 'The template was edited meanwhile');
  }
  return result;
};

/** An edit of the template takes it out of review, or back where it was approved and is not in force yet. To be called before the edit is saved: nobody approves what it no longer says. */
export const voidTemplateChange = async (store: Store, id: string, actor: string, nowMs: number): Promise<void> => {
  await changeForced<TemplateChange>(store, 'template', id, actor, nowMs, (change) =>
    isUnderWay(change)
      ? { kind: 'change', action: 'edit', thing: withdrawn(change), detail: change.name }
      : { kind: 'same', thing: change },
  );
};
