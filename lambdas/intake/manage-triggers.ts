import { routes } from '../../core/access/routes/intake.ts';
import { trackingOf } from '../../core/delivery/links/link-settings.ts';
import { channelsOf, policySlips } from '../../core/delivery/policy.ts';
import { type PlacedLeaf, placedLeaves } from '../../core/event/condition-tree.ts';
import { isOver, patternsOf, type Trigger, type TriggerInput } from '../../core/event/trigger.ts';
import { editedTrigger } from '../../core/event/trigger-approval.ts';
import { pausedTrigger } from '../../core/event/trigger-decisions.ts';
import { isAtVersion } from '../../core/strategy/approval/decisions.ts';
import type { ForceDecision } from '../../core/strategy/approval/in-force.ts';
import { renderer } from '../../core/strategy/render.ts';
import type { Template } from '../../core/strategy/template.ts';
import { definitions } from '../adapters/definitions.ts';
import { linkSettingsOf } from '../adapters/link-settings.ts';
import { createDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { wakeSchedules, wakeSoon } from '../adapters/schedules.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { approvalView } from '../strategy/campaign-view.ts';
import { changeForced, isForceRefusal } from '../strategy/change-forced.ts';
import { env } from './manage-triggers.env.ts';
import { refuseReferences } from './refuse-references.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE } = environment;
const defs = definitions(DEFINITIONS_TABLE);
const compileAt = wakeSchedules(environment);
const sinks = {
  auditTable: AUDIT_TABLE,
  compileSoon: () => wakeSoon(compileAt, Date.now()),
  machines: { 'approve-plan': environment.APPROVE_MACHINE_ARN },
};
const store = { defs, sinks };

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
      const entry = { subject: `trigger/${id}`, action: 'create', actor, atMs: nowMs, version: 1, detail: body.name };
      const outbox = [{ effect: 'audit' as const, entry }];
      const saved = await createDefinition(defs, 'trigger', id, trigger, nowMs, outbox, sinks);
      return { body: triggerView(saved.body), headers: { location: `/v1/triggers/${id}` } };
    },

    listTriggers: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<Trigger>('trigger', limit, cursor);
      return {
        body: { items: page.items.map(({ body }) => triggerView(body)), ...(page.cursor && { cursor: page.cursor }) },
      };
    },

    getTrigger: async ({ params }) => ({ body: triggerView(await load(params.triggerId)) }),

    updateTrigger: async ({ params, body: { version, ...input }, actor, nowMs }) => {
      if (editedTrigger(await load(params.triggerId, version), input, actor).kind === 'change') {
        refusePeriod(input, nowMs);
        await templateFor(input);
        await refuseReferences(defs, leavesOfTrigger(input));
      }
      return change(params.triggerId, version, actor, nowMs, (trigger) => editedTrigger(trigger, input, actor));
    },

    submitTrigger: async ({ params, body: { version, ...asked }, actor, nowMs }) => {
      const trigger = await load(params.triggerId);
      if (!isAtVersion(trigger, version)) throw new Problem('version-conflict', versionDetail(trigger, version));
      refusePeriod(trigger, nowMs);
      const template = await templateFor(trigger);
      refuseTemplate(template, asked.templateVersion);
      await refuseReferences(defs, leavesOfTrigger(trigger));
      const { submitTrigger } = await import('./submit-trigger.ts');
      const { decide, effects } = await submitTrigger(defs, trigger, template, asked, actor, nowMs);
      return change(trigger.id, version, actor, nowMs, decide, effects, isAtVersion);
    },

    activateTrigger: async ({ params, body: { version, templateVersion }, actor, roles, nowMs }) => {
      const trigger = await load(params.triggerId, version);
      const template = await templateFor(trigger);
      refuseTemplate(template, templateVersion);
      await refuseReferences(defs, leavesOfTrigger(trigger));
      const { activateTrigger } = await import('./submit-trigger.ts');
      const decide = await activateTrigger(defs, trigger, template, { actor, roles }, nowMs);
      return change(trigger.id, version, actor, nowMs, decide);
    },

    pauseTrigger: async ({ params, body: { version }, actor, nowMs }) =>
      change(params.triggerId, version, actor, nowMs, (trigger) => pausedTrigger(trigger)),
  },
  IDEMPOTENCY_TABLE,
);

const load = async (id: string, version?: number): Promise<Trigger> => {
  const stored = await defs.get<Trigger>('trigger', id);
  if (!stored) throw new Problem('not-found', `There is no trigger ${id}`);
  if (version !== undefined && version !== stored.version) {
    throw new Problem('version-conflict', versionDetail(stored.body, version));
  }
  return stored.body;
};

/** The API shows everything but the task token. */
const triggerView = ({ approval, ...trigger }: Trigger) => ({
  ...trigger,
  ...(approval && { approval: approvalView(approval) }),
});

const change = async (
  id: string,
  version: number | undefined,
  actor: string,
  nowMs: number,
  decide: (trigger: Trigger) => ForceDecision<Trigger>,
  effects?: (after: Trigger) => OutboxEntry[],
  isRead = (trigger: Trigger, read: number) => trigger.version === read,
) => {
  const atVersion = (trigger: Trigger): ForceDecision<Trigger> =>
    version === undefined || isRead(trigger, version)
      ? decide(trigger)
      : { kind: 'refuse', problem: 'version-conflict', detail: versionDetail(trigger, version) };
  const result = await changeForced(store, 'trigger', id, actor, nowMs, atVersion, effects);
  if (!result) throw new Problem('not-found', `There is no trigger ${id}`);
  if (isForceRefusal(result)) throw new Problem(result.problem, result.detail);
  return { body: triggerView(result) };
};

const versionDetail = ({ version: now }: Trigger, version: number): string =>
  `The trigger is at version ${now}, not ${version}`;

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

/** What is approved has the template as it now is, so who has read another version has not approved this one. */
const refuseTemplate = ({ version }: Template, read: number | undefined): void => {
  if (read === undefined || read === version) return;
  throw new Problem('version-conflict', `The template is at version ${version}, not ${read}`);
};
