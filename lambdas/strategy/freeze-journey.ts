import { compileJourney } from '../../core/strategy/journey/compile.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { renderer } from '../../core/strategy/render.ts';
import type { Template } from '../../core/strategy/template.ts';
import type { Definitions } from '../adapters/definitions.ts';

export type JourneyDefect = { path: string; code: string; message: string };

/**
 * A journey as it would run if it were published now: what is wrong with it, or its version, and the plan of each node that sends.
 * `writers`: everybody who wrote one of its templates.
 */
export type Frozen = { defects: JourneyDefect[]; version?: JourneyVersion; plans: PlanVersion[]; writers: string[] };

export const frozenJourney = async (defs: Definitions, journey: Journey): Promise<Frozen> => {
  const templates = await templatesOf(defs, journey);
  const writers = [...new Set([...templates.values()].flatMap(({ editors }) => editors))];
  const source = { journeyId: journey.id, input: journey, templates: Object.fromEntries(templates) };
  const { version, plans } = compileJourney(source, renderer(await import('liquidjs')));
  return { defects: [], version, plans, writers };
};

/** By id, those that exist of the ones that the journey names. */
const templatesOf = async (defs: Definitions, { nodes }: Journey): Promise<Map<string, Template>> => {
  const ids = new Set(Object.values(nodes).flatMap((node) => (node.kind === 'message' ? [node.templateId] : [])));
  const found = await Promise.all([...ids].map((id) => defs.get<Template>('template', id)));
  return new Map(found.flatMap((stored) => (stored ? [[stored.id, stored.body] as const] : [])));
};
