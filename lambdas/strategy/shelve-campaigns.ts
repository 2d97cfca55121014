import type { routes } from '../../core/access/routes/campaign-shelf.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import type { Decision } from '../../core/strategy/campaign-decisions.ts';
import { copied, deleted, isHidden, shelved } from '../../core/strategy/campaign-shelf.ts';
import type { Definitions } from '../adapters/definitions.ts';
import type { ApiResponse, Operations } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';

/** How many campaigns a page looks at before it says that there are none of those that were asked for. */
const LOOKED_AT = 2_000;
const PAGE = 100;

type Ports = {
  defs: Definitions;
  viewOf: (campaign: Campaign) => object;
  load: (id: string) => Promise<Campaign>;
  create: (id: string, content: ReturnType<typeof copied>, actor: string, nowMs: number) => Promise<ApiResponse>;
  change: (id: string, actor: string, nowMs: number, decide: (campaign: Campaign) => Decision) => Promise<ApiResponse>;
};

/** Operations of manage-campaigns. Running one twice is safe: a copy has the call's own id, and what is on the shelf stays there. */
export const shelfOperations = ({
  defs,
  viewOf,
  load,
  create,
  change,
}: Ports): Operations<typeof routes, 'strategy/manage-campaigns'> => ({
  cloneCampaign: async ({ params, actor, nowMs, newId }) =>
    create(newId, copied(await load(params.campaignId)), actor, nowMs),
  listCampaignRuns: async ({ params, query: { limit, cursor } }) => {
    const { id } = await load(params.campaignId);
    // DynamoDB refuses to begin behind what is not among those that are asked for.
    if (cursor !== undefined && !cursor.startsWith(`${id}-`))
      throw new Problem('invalid-query', 'The cursor is not one that this route gave for this campaign');
    const page = await defs.listUnder<Campaign>('campaign', `${id}-`, limit, cursor);
    return { body: { ...page, items: page.items.map(({ body }) => viewOf(body)) } };
  },
  archiveCampaign: async ({ params, actor, nowMs }) =>
    change(params.campaignId, actor, nowMs, (campaign) => shelved(campaign, true)),
  unarchiveCampaign: async ({ params, actor, nowMs }) =>
    change(params.campaignId, actor, nowMs, (campaign) => shelved(campaign, false)),
  deleteCampaign: async ({ params, actor, nowMs }) => {
    await change(params.campaignId, actor, nowMs, (campaign) => deleted(campaign, nowMs));
    return {};
  },
});

type Wanted = { limit: number; cursor?: string | undefined; state?: string | undefined; archived?: 'true' | undefined };

/** A page of the campaigns that are wanted, newest first; `cursor` when there may be more. */
export const listedCampaigns = async (
  defs: Definitions,
  { limit, cursor, state, archived }: Wanted,
): Promise<{ items: Campaign[]; cursor?: string }> => {
  const isWanted = (campaign: Campaign): boolean =>
    campaign.deletedMs === undefined &&
    campaign.runOf === undefined &&
    isHidden(campaign) === (archived === 'true') &&
    (state === undefined || campaign.state === state);
  const items: Campaign[] = [];
  let from = cursor;
  for (let looked = 0; looked < LOOKED_AT; looked += PAGE) {
    const page = await defs.list<Campaign>('campaign', PAGE, from);
    for (const [at, { id, body }] of page.items.entries()) {
      if (isWanted(body)) items.push(body);
      const isLast = at === page.items.length - 1 && page.cursor === undefined;
      if (items.length === limit) return { items, ...(!isLast && { cursor: id }) };
    }
    if (page.cursor === undefined) return { items };
    from = page.cursor;
  }
  return { items, ...(from !== undefined && { cursor: from }) };
};
