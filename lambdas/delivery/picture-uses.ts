import type { Trigger } from '../../core/event/trigger.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { isOver } from '../../core/strategy/campaign-states.ts';
import { type JourneyVersion, journeyVersionId } from '../../core/strategy/journey/journey-version.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { stillWalked } from '../../core/strategy/journey/live-versions.ts';
import { planVersionId } from '../../core/strategy/plan-hash.ts';
import type { Template } from '../../core/strategy/template.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { inParallel } from '../adapters/in-parallel.ts';

/** What shows a picture. */
export type PictureUse = { kind: 'template' | 'campaign' | 'trigger' | 'journey'; id: string; name: string };
type Frozen = PictureUse & { hash: string };

const PARALLEL_READS = 20;

/**
 * Everything that shows a picture, by the name of its file: templates as they are, and what was frozen of them for campaigns that are not over,
 * triggers, and journeys that somebody may be inside of. Reads all of them, of which there are thousands: pictures are rarely deleted.
 */
export const pictureUses = async (defs: Definitions, file: string, nowMs: number): Promise<PictureUse[]> => {
  const shows = (content: unknown): boolean => JSON.stringify(content).includes(file);
  const templates = await defs.all<Template>('template');
  const uses: PictureUse[] = templates.flatMap(({ id, body }) =>
    shows(body) ? [{ kind: 'template', id, name: body.name }] : [],
  );
  await inParallel(PARALLEL_READS, await frozenPlans(defs, nowMs), async ({ hash, ...plan }) => {
    const isKnown = uses.some(({ kind, id }) => kind === plan.kind && id === plan.id);
    if (!isKnown && shows((await defs.get('plan-version', planVersionId(plan.id, hash)))?.body ?? {})) uses.push(plan);
  });
  return uses;
};

const frozenPlans = async (defs: Definitions, nowMs: number): Promise<Frozen[]> => {
  const [campaigns, triggers, journeys] = await Promise.all([
    defs.all<Campaign>('campaign'),
    defs.all<Trigger>('trigger'),
    defs.all<LiveJourney>('live-journey'),
  ]);
  const found: Frozen[] = campaigns.flatMap(({ id, body: { name, state, approval } }) =>
    approval && !isOver(state) ? [{ kind: 'campaign', id, name, hash: approval.hash }] : [],
  );
  for (const { id, body } of triggers)
    if (body.hash !== undefined) found.push({ kind: 'trigger', id, name: body.name, hash: body.hash });
  const versions = journeys.flatMap(({ id, body }) =>
    body.state === 'stopped' ? [] : stillWalked(body, nowMs).map(({ hash }) => ({ id, name: body.name, hash })),
  );
  await inParallel(PARALLEL_READS, versions, async ({ id, name, hash }) => {
    const version = await defs.get<JourneyVersion>('journey-version', journeyVersionId(id, hash));
    for (const node of Object.values(version?.body.nodes ?? {}))
      if (node.kind === 'message') found.push({ kind: 'journey', id, name, hash: node.plan });
  });
  return found;
};
