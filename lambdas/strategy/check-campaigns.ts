import { routes } from '../../core/access/routes/pre-flights.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { planHashOf } from '../../core/strategy/campaign-schedule.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { mayPreFlight } from '../../core/strategy/pre-flight/pre-flight-id.ts';
import { definitions } from '../adapters/definitions.ts';
import { loadPlanVersion } from '../adapters/plan-versions.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { preFlightView } from './campaign-view.ts';
import { env } from './check-campaigns.env.ts';
import { preFlightsIn } from './pre-flights.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const preFlights = preFlightsIn(defs, environment);

/** The HTTP API gives up after 30 s; the rest is for reading the sample. */
const WAIT_MS = 15_000;

/** Says what a campaign would do. Running it twice is safe: it writes nothing but its answer, of which the latest stands. */
export const handler = apiHandler('strategy/check-campaigns', routes, {
  preFlightCampaign: async ({ params: { campaignId }, nowMs }) => {
    const campaign = (await defs.get<Campaign>('campaign', campaignId))?.body;
    if (!campaign || campaign.deletedMs !== undefined) {
      throw new Problem('not-found', `There is no campaign ${campaignId}`);
    }
    if (!mayPreFlight(campaign)) {
      throw new Problem('state-conflict', `A campaign that is ${campaign.state} has nothing ahead of it`);
    }
    const hash = campaign.state === 'draft' ? undefined : planHashOf(campaign);
    const plan = await (hash ? loadPlanVersion(defs, campaignId, hash) : freeze(campaign, nowMs));
    return { body: preFlightView(await preFlights.check(campaign, plan, nowMs, WAIT_MS)) };
  },
});

/** Of drafts alone, as manage-campaigns does when one is submitted. */
const freeze = async (campaign: Campaign, nowMs: number): Promise<PlanVersion> =>
  (await import('./freeze-campaign.ts')).freezeCampaign(defs, campaign, nowMs);
