import type { Channel } from '../../core/delivery/channel.ts';
import { channelsOf } from '../../core/delivery/policy.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { compileJourney } from '../../core/strategy/journey/compile.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { freezePlan } from '../../core/strategy/plan-hash.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { renderer } from '../../core/strategy/render.ts';
import type { TouchedPlan } from '../../core/strategy/template/template-change.ts';
import { contentOf, type Template, type TemplateContent } from '../../core/strategy/template.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { journeys, storeJourneyVersion } from '../adapters/journeys.ts';
import { loadPlanVersion, storePlanVersion } from '../adapters/plan-versions.ts';
import type { FieldError } from '../middleware/problem.ts';
import { frozenJourney } from './freeze-journey.ts';

/** `beingEdited`: journeys that are left out for that. `errors`: what the new content does not fit. `topics` and `channels`: of all messages that would change. */
export type Touched = {
  plans: TouchedPlan[];
  beingEdited: { id: string; name: string }[];
  errors: FieldError[];
  topics: string[];
  channels: Channel[];
};

/**
 * Triggers and journeys in force that say what the template said, each with the version that it would have with the new content, which
 * is stored. Of a journey that is what people enter; one that was edited since it was published names other templates by now, maybe, and is left out: it is
 * submitted itself. Reads all triggers and all journeys that were published, of which there are hundreds.
 */
export const touchedPlans = async (defs: Definitions, template: Template, nowMs: number): Promise<Touched> => {
  const [triggers, live] = await Promise.all([defs.all<Trigger>('trigger'), defs.all<LiveJourney>('live-journey')]);
  const touched: Touched = { plans: [], beingEdited: [], errors: [], topics: [], channels: [] };
  const add = (plan: TouchedPlan, changed: readonly PlanVersion[], errors: readonly string[]) => {
    if (plan.from === plan.to) return;
    touched.plans.push(plan);
    touched.topics.push(...changed.map(({ topic }) => topic));
    touched.channels.push(...changed.flatMap(({ channelPolicy }) => channelsOf(channelPolicy)));
    touched.errors.push(
      ...errors.map((message) => ({ path: `plans.${plan.id}`, message: `${plan.name}: ${message}` })),
    );
  };
  for (const { body: trigger } of triggers) {
    if (trigger.state !== 'active' || trigger.templateId !== template.id || !trigger.hash) continue;
    const { id, name, hash: from } = trigger;
    const { hash: _old, ...before } = await loadPlanVersion(defs, id, from);
    const plan = freezePlan({ ...before, template: contentOf(template) });
    await storePlanVersion(defs, plan, nowMs);
    add({ kind: 'trigger', id, name, from, to: plan.hash }, [plan], await slipsOf(trigger, template));
  }
  for (const { id, body: running } of live) {
    const journey = running.state === 'stopped' ? undefined : (await defs.get<Journey>('journey', id))?.body;
    if (!journey || !Object.keys(journey.nodes).some((id) => isOf(journey, id, template.id))) continue;
    if (journey.state !== 'published') touched.beingEdited.push({ id, name: running.name });
    if (journey.state !== 'published' || journey.hash !== running.current) continue;
    const { version, plans } = await withTemplate(defs, journey, running.current, template);
    for (const plan of plans) await storePlanVersion(defs, plan, nowMs);
    await storeJourneyVersion(defs, version, nowMs);
    const { defects } = await frozenJourney(defs, journey, nowMs);
    const changed = plans.filter(({ node }) => isOf(journey, node, template.id));
    // Other templates stay as they were approved: what is wrong with them now, while somebody is at work on one, is of no account.
    const own = defects.filter(({ path }) => isOf(journey, path.split('.')[1], template.id));
    const errors = own.map(({ message }) => message);
    add({ kind: 'journey', id, name: running.name, from: running.current, to: version.hash }, changed, errors);
  }
  return { ...touched, topics: [...new Set(touched.topics)], channels: [...new Set(touched.channels)] };
};

const isOf = (journey: Journey, id: string | undefined, templateId: string): boolean => {
  const node = journey.nodes[id ?? ''];
  return node?.kind === 'message' && node.templateId === templateId;
};

/** The version that people enter, with this one template as it now is, and all others as they were approved. */
const withTemplate = async (defs: Definitions, journey: Journey, current: string, template: Template) => {
  const { nodes, entry } = await journeys(defs).versionOf(journey.id, current);
  const approved = await Promise.all(
    Object.entries(journey.nodes).flatMap(([id, node]) => {
      const compiled = nodes[id];
      if (node.kind !== 'message' || node.templateId === template.id || compiled?.kind !== 'message') return [];
      return [
        loadPlanVersion(defs, journey.id, compiled.plan).then((plan) => [node.templateId, plan.template] as const),
      ];
    }),
  );
  const templates: Record<string, TemplateContent> = { ...Object.fromEntries(approved), [template.id]: template };
  const audience = entry.by === 'schedule' ? { audience: entry.audience } : {};
  const source = { journeyId: journey.id, input: journey, templates, ...audience };
  return compileJourney(source, renderer(await import('liquidjs')));
};

const slipsOf = async ({ channelPolicy, window }: Trigger, template: Template): Promise<string[]> => {
  const { needsOf } = renderer(await import('liquidjs'));
  const lacks = channelsOf(channelPolicy).filter((channel) => !template.channels[channel]);
  const hasValue = window && ('reaches' in window || 'fallsTo' in window);
  return [
    ...lacks.map((channel) => `the template has no content for ${channel}`),
    ...(!hasValue && needsOf(template).window ? ['the template speaks of the value of a window'] : []),
  ];
};
