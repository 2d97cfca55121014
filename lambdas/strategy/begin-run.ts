import type { Campaign } from '../../core/strategy/campaign.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { nextStep } from '../../core/strategy/series.ts';
import { missed, runCampaign, runPlans, wasMissed } from '../../core/strategy/series-run.ts';
import { definitions } from '../adapters/definitions.ts';
import { createDefinition } from '../adapters/outbox.ts';
import { loadPlanVersion, storePlanVersion } from '../adapters/plan-versions.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './begin-run.env.ts';
import { changeCampaign, isRefusal } from './change-campaign.ts';
import { holdRun } from './lead-run.ts';
import { startRun } from './start-run.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, RUN_MACHINE_ARN, RELEASE_MACHINE_ARN } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const machines = { 'run-campaign': RUN_MACHINE_ARN, 'release-parked': RELEASE_MACHINE_ARN };
const store = { defs, sinks: { auditTable: AUDIT_TABLE, machines } };

type Task = { campaignId: string; chain: number };
/** What repeat-campaign does next: ends, asks again, or starts the execution that wakes at `dueAt` (ISO 8601). */
type Answer =
  | { step: 'nothing' }
  | { step: 'wait'; seconds: number }
  | { step: 'wake'; next: { name: string; dueAt: string } };

const NOTHING: Answer = { step: 'nothing' };
/** Each saves one thing; more than a few in a row would be a circle. */
const MAX_STEPS = 20;

/**
 * Task of repeat-campaign: begins the run that is due, or leaves it out, and says when to ask next. Running it twice is safe: what is
 * decided stands in the campaign before it is done, a run that stands there and is missing is made, and it has one name; it is over at once where
 * a pause has come between. A run is made
 * before it is asked once more whether the series goes on; who pauses or cancels that says so before they look for the run: so one of the two
 * sees the other.
 */
export const handler = async ({ campaignId, chain }: Task): Promise<Answer> => {
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const nowMs = Date.now();
    const campaign = (await defs.get<Campaign>('campaign', campaignId))?.body;
    if (campaign?.series?.chain !== chain) return NOTHING;
    if (campaign.state !== 'scheduled') {
      await holdRun(store, campaign, { actor: MACHINE, nowMs });
      return NOTHING;
    }
    const { last } = campaign.series;
    const newest = last && (await defs.get<Campaign>('campaign', last.id))?.body;
    if (last && !newest) {
      await makeRun(campaign, nowMs);
      continue;
    }
    const next = nextStep(campaign, newest, nowMs);
    if (next.do === 'wait') return { step: 'wait', seconds: next.seconds };
    if (next.do === 'wake') {
      const name = `${campaignId}-${chain}-${next.atMs}`;
      return { step: 'wake', next: { name, dueAt: new Date(next.atMs).toISOString() } };
    }
    const result = await changeCampaign(store, campaignId, MACHINE, nowMs, (current) =>
      // Somebody else was faster: what they have written is read, and decided on again.
      current.version === campaign.version ? next.decision : { kind: 'same', campaign: current },
    );
    if (result && isRefusal(result)) throw new Error(`Campaign ${campaignId} cannot go on: ${result.detail}`);
  }
  throw new Error(`Campaign ${campaignId} changes all the time`);
};

const makeRun = async (campaign: Campaign, nowMs: number): Promise<void> => {
  const { id, approval, series } = campaign;
  if (!approval || !series) throw new Error(`Campaign ${id} was not approved`);
  const approved = await loadPlanVersion(defs, id, approval.hash);
  const variants = await Promise.all((approved.variants ?? []).map(({ hash }) => loadPlanVersion(defs, id, hash)));
  const { plan, versions } = runPlans(approved, variants, series);
  for (const version of [...versions, plan]) await storePlanVersion(defs, version, nowMs);
  const run = wasMissed(series) ? missed(campaign, plan.hash, nowMs) : runCampaign(campaign, plan.hash, nowMs);
  const about = { action: 'begin-run', actor: MACHINE, atMs: nowMs, version: 1, detail: plan.hash };
  const audit = { effect: 'audit' as const, entry: { subject: `campaign/${run.id}`, ...about } };
  await createDefinition(defs, 'campaign', run.id, run, nowMs, [audit, ...startRun(undefined, run)], store.sinks);
};
