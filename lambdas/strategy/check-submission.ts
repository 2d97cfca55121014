import type { ApprovalRef } from '../../core/strategy/approval/approval.ts';
import { isCurrent, waitOf } from '../../core/strategy/approval/decisions.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { counted } from '../../core/strategy/campaign-decisions.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { definitions } from '../adapters/definitions.ts';
import { loadPlanVersion } from '../adapters/plan-versions.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeCampaign, isRefusal } from './change-campaign.ts';
import { env } from './check-submission.env.ts';
import { preFlightsIn } from './pre-flights.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const store = { defs, sinks: { auditTable: environment.AUDIT_TABLE } };
const preFlights = preFlightsIn(defs, environment);

/** The function has five minutes. */
const WAIT_MS = 240_000;

type Task = ApprovalRef & { id: string };

/**
 * Task of approve-plan before anybody is asked: keeps with the submission what the campaign would do, and leaves out the levels that are for
 * larger audiences. An audience that cannot be counted counts as larger. Gives what is waited for first, unless nothing is any more. Running
 * it twice is safe: the levels are settled once, and not once somebody is asked.
 */
export const handler = async ({ id, ...ref }: Task): Promise<{ wait?: ReturnType<typeof waitOf> }> => {
  const nowMs = Date.now();
  const campaign = (await defs.get<Campaign>('campaign', id))?.body;
  if (campaign?.state !== 'in review' || !isCurrent(campaign, ref)) return {};
  const plan = await loadPlanVersion(defs, id, ref.hash);
  const preFlight = await preFlights.check(campaign, plan, nowMs, WAIT_MS).catch((error: unknown) => {
    if (!(error instanceof Problem)) throw error;
    console.warn({ message: 'The audience is not counted', campaign: id, error: error.message });
  });
  const size = preFlight?.state === 'done' ? preFlight.summary.audience.size : undefined;
  const result = await changeCampaign(store, id, MACHINE, nowMs, (current) => counted(current, ref, size));
  const wait = result && !isRefusal(result) ? waitOf(result, ref, Date.now()) : undefined;
  return { ...(wait && { wait }) };
};
