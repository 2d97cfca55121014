import type { Source } from '../../core/access/source.ts';
import type { AudienceRef } from '../../core/audience/audience-ref.ts';
import type { LiveSegment } from '../../core/audience/live/live-segment.ts';
import { UnresolvableSegment } from '../../core/audience/resolve-segment.ts';
import type { ResolvedSegment } from '../../core/audience/segment.ts';
import { trackingOf } from '../../core/delivery/links/link-settings.ts';
import type { ReferenceTable } from '../../core/event/reference-table.ts';
import { compileJourney } from '../../core/strategy/journey/compile.ts';
import type { Defect, JourneyReferences } from '../../core/strategy/journey/defect.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import { namedIn } from '../../core/strategy/journey/journey-names.ts';
import { hasTimes } from '../../core/strategy/journey/journey-series.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { journeyDefects } from '../../core/strategy/journey/validate.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { renderer } from '../../core/strategy/render.ts';
import type { Template } from '../../core/strategy/template.ts';
import { peopleOf } from '../adapters/audiences.ts';
import type { DefinitionKind, Definitions } from '../adapters/definitions.ts';
import { linkSettingsOf } from '../adapters/link-settings.ts';

/**
 * A journey as it would run if it were published now: what is wrong with it, or its version and the plan of each node that sends.
 * `writers`: everybody who wrote one of its templates.
 */
export type Frozen = { defects: Defect[]; version?: JourneyVersion; plans: PlanVersion[]; writers: string[] };

export const frozenJourney = async (defs: Definitions, journey: Journey, nowMs: number): Promise<Frozen> => {
  const { templates, references, audience } = await named(defs, journey, nowMs);
  const writers = [...new Set(Object.values(templates).flatMap(({ editors }) => editors))];
  const render = renderer(await import('liquidjs'));
  const defects = journeyDefects(journey, references, render);
  if (defects.length > 0) return { defects, plans: [], writers };
  return {
    defects,
    writers,
    ...compileJourney({ journeyId: journey.id, input: journey, templates, ...audience }, render),
  };
};

/** All that the journey names, as it is now. */
const named = async (
  defs: Definitions,
  journey: Journey,
  nowMs: number,
): Promise<{
  templates: Record<string, Template>;
  references: JourneyReferences;
  audience?: { audience: ResolvedSegment };
}> => {
  const ids = namedIn(journey);
  const [templates, live, lists, endpoints, sources, tables, links] = await Promise.all([
    byId<Template>(defs, 'template', ids.templates),
    byId<LiveSegment>(defs, 'live-segment', ids.segments),
    byId(defs, 'list', ids.lists),
    byId(defs, 'webhook-endpoint', ids.endpoints),
    byId<Source>(defs, 'source', ids.sources),
    byId<ReferenceTable>(defs, 'reference-table', ids.tables),
    linkSettingsOf(defs),
  ]);
  const audience = ids.audience && (await ruleOf(defs, ids.audience));
  const segments = await byId(defs, 'segment', ids.segments);
  const references: JourneyReferences = {
    templates,
    segments: Object.fromEntries(
      Object.keys(segments).map((id) => {
        const isLive = live[id] !== undefined && live[id].state !== 'off';
        return [id, { isLive, attributes: live[id] ? attributesIn(live[id].segment) : [] }];
      }),
    ),
    lists: new Set(Object.keys(lists)),
    endpoints: new Set(Object.keys(endpoints)),
    sources: new Set(Object.keys(sources).filter((id) => sources[id]?.revokedMs === undefined)),
    tables,
    hasTimes: await isStillToCome(defs, journey, nowMs),
    hasAudience: ids.audience === undefined || audience !== undefined,
    tracking: trackingOf(links, undefined, undefined),
  };
  return { templates, references, ...(audience && { audience: { audience } }) };
};

/** A schedule that runs may be over: what is published then is for those inside. */
const isStillToCome = async (defs: Definitions, { id, entry }: Journey, nowMs: number): Promise<boolean> =>
  !('schedule' in entry) || hasTimes(entry, (await defs.get<LiveJourney>('live-journey', id))?.body.series, nowMs);

/** One rule for whom it is, with all that it refers to as that is now; undefined where something is missing. */
const ruleOf = async (defs: Definitions, ref: AudienceRef): Promise<ResolvedSegment | undefined> => {
  try {
    return (await peopleOf(defs, ref)).tree;
  } catch (error) {
    if (error instanceof UnresolvableSegment) return undefined;
    throw error;
  }
};

const byId = async <T>(defs: Definitions, kind: DefinitionKind, ids: readonly string[]): Promise<Record<string, T>> => {
  const found = await Promise.all(ids.map((id) => defs.get<T>(kind, id)));
  return Object.fromEntries(found.flatMap((stored) => (stored ? [[stored.id, stored.body]] : [])));
};

/** Names of the attributes that a rule asks about, wherever they stand in it. */
const attributesIn = (rule: unknown): string[] => {
  if (Array.isArray(rule)) return rule.flatMap(attributesIn);
  if (typeof rule !== 'object' || rule === null) return [];
  return Object.entries(rule).flatMap(([name, value]) =>
    name === 'attribute' && typeof value === 'string' ? [value] : attributesIn(value),
  );
};
