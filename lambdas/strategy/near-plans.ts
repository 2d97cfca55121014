import type { ResolvedSegment } from '../../core/audience/segment.ts';
import { segmentSql } from '../../core/audience/segment-sql.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { MAX_COUNTED, MAX_NAMED, nearCampaigns } from '../../core/strategy/pre-flight/conflicts.ts';
import type { Summary } from '../../core/strategy/pre-flight/pre-flight.ts';
import type { NearCampaign } from '../../core/strategy/pre-flight/pre-flight-id.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { findPlanVersion } from '../adapters/plan-versions.ts';

/** Campaigns are looked through from the newest on, so many. */
const LOOKED_AT = 2_000;
const PAGE = 500;
const PARALLEL_READS = 20;

/** Campaigns that begin at about the same time; see `nearCampaigns`. */
export const campaignsNear = async (
  defs: Definitions,
  own: Campaign,
  atMs: number,
  nowMs: number,
): Promise<NearCampaign[]> => {
  const found: Campaign[] = [];
  let cursor: string | undefined;
  for (let looked = 0; looked < LOOKED_AT; looked += PAGE) {
    const page = await defs.list<Campaign>('campaign', PAGE, cursor);
    found.push(...page.items.map(({ body }) => body));
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  return nearCampaigns(own, found, atMs, nowMs);
};

/**
 * The audiences of the first of them whose content is known, and those campaigns. `lost`: whose content should be there and is not, or makes
 * no query. What is broken of somebody else's must not stand in the way of the one that asks.
 */
export const audiencesOf = async (
  defs: Definitions,
  near: readonly NearCampaign[],
): Promise<{ found: { campaign: NearCampaign; tree: ResolvedSegment }[]; lost: NearCampaign[] }> => {
  const found: { campaign: NearCampaign; tree: ResolvedSegment }[] = [];
  const lost: NearCampaign[] = [];
  for (const campaign of near) {
    if (found.length === MAX_COUNTED) break;
    if (campaign.hash === undefined) continue;
    const tree = (await findPlanVersion(defs, campaign.id, campaign.hash))?.segment;
    if (tree && isQuery(tree)) found.push({ campaign, tree });
    else lost.push(campaign);
  }
  return { found, lost };
};

const isQuery = (tree: ResolvedSegment): boolean => {
  try {
    segmentSql(tree, 0);
    return true;
  } catch {
    return false;
  }
};

type Named = { id: string; name: string };

/** Triggers and journeys that may write about a topic at any time. */
export const plansAbout = async (
  defs: Definitions,
  topic: string,
): Promise<Pick<Summary['conflicts'], 'triggers' | 'journeys' | 'more'>> => {
  const named = ({ id, name }: Named): Named => ({ id, name });
  const [triggers, live] = await Promise.all([defs.all<Trigger>('trigger'), defs.all<LiveJourney>('live-journey')]);
  const journeys: Named[] = [];
  const running = live.flatMap(({ body }) => (body.state === 'stopped' ? [] : body.id));
  await inParallel(PARALLEL_READS, running, async (id) => {
    const journey = (await defs.get<Journey>('journey', id))?.body;
    if (journey && topicsOf(journey).includes(topic)) journeys.push(named(journey));
  });
  const active = triggers.flatMap(({ body }) => (body.state === 'active' && body.topic === topic ? [named(body)] : []));
  journeys.sort((one, other) => (one.id < other.id ? -1 : 1));
  return {
    triggers: active.slice(0, MAX_NAMED),
    journeys: journeys.slice(0, MAX_NAMED),
    more: Math.max(0, active.length - MAX_NAMED) + Math.max(0, journeys.length - MAX_NAMED),
  };
};

/** Its own, and those of its messages. */
const topicsOf = ({ topic, nodes }: Journey): string[] => [
  topic,
  ...Object.values(nodes).flatMap((node) => (node.kind === 'message' && node.topic !== undefined ? [node.topic] : [])),
];
