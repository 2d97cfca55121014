import { routes } from '../../core/access/routes/intake.ts';
import { trackingOf } from '../../core/delivery/links/link-settings.ts';
import { channelsOf, policySlips } from '../../core/delivery/policy.ts';
import { type PlacedLeaf, placedLeaves } from '../../core/event/condition-tree.ts';
import { isOver, patternsOf, type Trigger, type TriggerInput } from '../../core/event/trigger.ts';
import {
  activatedTrigger,
  editedTrigger,
  isOwnTrigger,
  pausedTrigger,
  type TriggerDecision,
} from '../../core/event/trigger-decisions.ts';
import { freezePlan } from '../../core/strategy/plan-hash.ts';
import { renderer } from '../../core/strategy/render.ts';
import { contentOf, type Template } from '../../core/strategy/template.ts';
import { definitions } from '../adapters/definitions.ts';
import { linkSettingsOf } from '../adapters/link-settings.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { storePlanVersion } from '../adapters/plan-versions.ts';
import { wakeSchedules, wakeSoon } from '../adapters/schedules.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-triggers.env.ts';
import { refuseReferences } from './refuse-references.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE } = environment;
const defs = definitions(DEFINITIONS_TABLE);
const compileAt = wakeSchedules(environment);
const sinks = { auditTable: AUDIT_TABLE, compileSoon: () => wakeSoon(compileAt, Date.now()) };

/**
 * Event-triggered messages. Running a change twice is safe: each names the version that it changes, and a second run
 * finds another version.
 */
export const handler = apiHandler(
  'intake/manage-triggers',
  routes,
  {
    createTrigger: async ({ body, actor, nowMs, newId: id }) => {
      refusePeriod(body, nowMs);
      await templateFor(body);
      await refuseReferences(defs, leavesOfTrigger(body));
      const trigger: Trigger = {
        ...body,
        id,
        version: 1,
        state: 'draft',
        author: actor,
        editors: [],
        createdMs: nowMs,
      };
      const saved = await save(trigger, 0, 'create', actor, nowMs);
      return { body: saved, headers: { location: `/v1/triggers/${id}` } };
    },

    listTriggers: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<Trigger>('trigger', limit, cursor);
      return { body: { items: page.items.map(({ body }) => body), ...(page.cursor && { cursor: page.cursor }) } };
    },

    getTrigger: async ({ params }) => ({ body: await load(params.triggerId) }),

    updateTrigger: async ({ params, body: { version, ...input }, actor, nowMs }) => {
      const trigger = await load(params.triggerId, version);
      const decision = editedTrigger(trigger, input, actor);
      if (decision.kind === 'change') {
        refusePeriod(input, nowMs);
        await templateFor(input);
        await refuseReferences(defs, leavesOfTrigger(input));
      }
      return { body: await carryOut(decision, actor, nowMs) };
    },

    activateTrigger: async ({ params, body: { version, templateVersion }, actor, nowMs }) => {
      const trigger = await load(params.triggerId, version);
      const template = isOwnTrigger(trigger, actor) ? undefined : await templateFor(trigger);
      if (template) {
        refuseTemplate(template, actor, templateVersion);
        await refuseReferences(defs, leavesOfTrigger(trigger));
      }
      const plan = template && planOf(trigger, template);
      const decision = activatedTrigger(trigger, plan?.hash ?? '', actor);
      // The content is stored before the trigger names it: a sender never finds a hash without its plan.
      if (decision.kind === 'change' && plan) await storePlanVersion(defs, plan, nowMs);
      return { body: await carryOut(decision, actor, nowMs) };
    },

    pauseTrigger: async ({ params, body: { version }, actor, nowMs }) => ({
      body: await carryOut(pausedTrigger(await load(params.triggerId, version)), actor, nowMs),
    }),
  },
  IDEMPOTENCY_TABLE,
);

const load = async (id: string, version?: number): Promise<Trigger> => {
  const stored = await defs.get<Trigger>('trigger', id);
  if (!stored) throw new Problem('not-found', `There is no trigger ${id}`);
  if (version !== undefined && version !== stored.version) {
    throw new Problem('version-conflict', `The trigger is at version ${stored.version}, not ${version}`);
  }
  return stored.body;
};

const carryOut = async (decision: TriggerDecision, actor: string, nowMs: number): Promise<Trigger> => {
  if (decision.kind === 'refuse') throw new Problem(decision.problem, decision.detail);
  const { trigger, action } = decision;
  return save({ ...trigger, version: trigger.version + 1 }, trigger.version, action, actor, nowMs);
};

const save = async (trigger: Trigger, expected: number, action: string, actor: string, nowMs: number) => {
  const { id, version, name } = trigger;
  const entry = { subject: `trigger/${id}`, action, actor, atMs: nowMs, version, detail: name };
  // Only these two change what is in force.
  const recompile = action === 'activate' || action === 'pause';
  const outbox: OutboxEntry[] = [
    { effect: 'audit', entry },
    ...(recompile ? [{ effect: 'compile-triggers' as const }] : []),
  ];
  const stored =
    expected === 0
      ? await createDefinition(defs, 'trigger', id, trigger, nowMs, outbox, sinks)
      : await saveDefinition(defs, 'trigger', id, trigger, expected, nowMs, outbox, sinks);
  return stored.body;
};

/** The template that the trigger names, if it can serve it; else throws 422 with everything that does not fit. */
const templateFor = async ({ templateId, channelPolicy, window, tracking }: TriggerInput): Promise<Template> => {
  const stored = await defs.get<Template>('template', templateId);
  if (!stored) {
    const message = `There is no template ${templateId}`;
    throw new Problem('invalid-reference', message, { errors: [{ path: 'templateId', message }] });
  }
  const template = stored.body;
  const errors = policySlips(channelPolicy, trackingOf(await linkSettingsOf(defs), tracking, undefined));
  for (const [n, channel] of channelsOf(channelPolicy).entries()) {
    if (template.channels[channel]) continue;
    errors.push({ path: `channelPolicy.${n}`, message: `The template has no content for ${channel}` });
  }
  const { needsOf } = renderer(await import('liquidjs'));
  const hasValue = window && ('reaches' in window || 'fallsTo' in window);
  if (!hasValue && needsOf(template).window) {
    errors.push({
      path: 'templateId',
      message: 'The template speaks of the value of a window, which this trigger does not have',
    });
  }
  const [first] = errors;
  if (first) throw new Problem('invalid-reference', first.message, { errors });
  return template;
};

/** Throws 400 when the window is over before its trigger begins: it would send nothing, and nobody would be told. */
const refusePeriod = ({ window }: TriggerInput, nowMs: number): void => {
  if (!isOver(window, nowMs)) return;
  const error = { path: 'window.until', message: 'The period is over already' };
  throw new Problem('invalid-body', `${error.path}: ${error.message}`, { errors: [error] });
};

/** All conditions of the trigger, and where each stands. */
const leavesOfTrigger = (trigger: TriggerInput): PlacedLeaf[] => {
  const { window = {} } = trigger;
  const places = ['where', `window.${'after' in window ? 'after' : 'without'}.where`];
  return patternsOf(trigger).flatMap(({ where = [] }, role) =>
    where.flatMap((condition, n) => placedLeaves(condition, `${places[role]}.${n}`)),
  );
};

/**
 * Activation freezes the template as it now is, so who wrote that is no second person; and who has read another version
 * has not approved this one.
 */
const refuseTemplate = ({ editors, version }: Template, actor: string, read: number | undefined): void => {
  if (editors.includes(actor)) {
    throw new Problem('own-approval', 'You wrote its template, so another person activates it');
  }
  if (read !== undefined && read !== version) {
    throw new Problem('version-conflict', `The template is at version ${version}, not ${read}`);
  }
};

const planOf = ({ id, name, topic, lane, priority, channelPolicy, budget, tracking }: Trigger, template: Template) =>
  freezePlan({
    planKind: 'trigger',
    planId: id,
    name,
    topic,
    lane,
    ...(priority && { priority }),
    channelPolicy,
    ...(budget !== undefined && { budget }),
    ...(tracking && { tracking }),
    template: contentOf(template),
  });
