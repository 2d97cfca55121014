import type { Campaign } from '../../core/strategy/campaign.ts';
import { awaitsDecision, ended } from '../../core/strategy/campaign-decisions.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { definitions } from '../adapters/definitions.ts';
import { ledger } from '../adapters/ledger.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeCampaign, isRefusal } from './change-campaign.ts';
import { env } from './finish-campaign.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, LEDGER_TABLE, RELEASE_MACHINE_ARN } = readEnv(env);
const sinks = { auditTable: AUDIT_TABLE, machines: { 'release-parked': RELEASE_MACHINE_ARN } };
const store = { defs: definitions(DEFINITIONS_TABLE), sinks, isRun: true as const };
const progress = ledger(LEDGER_TABLE);

/** The run still has recipients without a final outcome. The state machine asks again on this name. */
class NotDrained extends Error {
  override name = 'NotDrained';
}

/** As NotDrained, but nothing will change before the pause ends: the state machine waits for that on this name. */
class PlanPaused extends Error {
  override name = 'PlanPaused';
}

/** Some are only due at a later time, until which the state machine waits on this name. */
class NotAllDue extends Error {
  override name = 'NotAllDue';
}

/** All who take part in its experiment have it: the state machine waits for what they do, and has it decided, on this name. */
class TestSent extends Error {
  override name = 'TestSent';
}

/** `parts` is how many were dispatched, `lastDue` when the last of them is due (ISO 8601; absent: at once); `error` what stopped the run. */
type Task = { campaignId: string; runId: string } & ({ parts: number; lastDue?: string } | { error: string });

/**
 * Last task of run-campaign: ends the campaign once each recipient has a final outcome, or after an error that nothing
 * else handled. Running it twice is safe: a campaign that has ended stays as it ended. Throws NotAllDue; NotDrained while
 * something is under way, PlanPaused while that waits for the end of a pause, TestSent when an experiment is to be decided.
 */
export const handler = async (task: Task): Promise<{ state: string }> => {
  const { campaignId, runId } = task;
  if ('lastDue' in task && task.lastDue && Date.now() < Date.parse(task.lastDue))
    throw new NotAllDue(`Some are due at ${task.lastDue}`);
  const end = 'error' in task ? { error: task.error } : await drained(task);
  const nowMs = Date.now();
  const result = await changeCampaign(store, campaignId, MACHINE, nowMs, (campaign) => {
    if (!('error' in end) && awaitsDecision(campaign)) throw new TestSent(`${campaignId} is to be decided`);
    return ended(campaign, runId, end, nowMs);
  });
  if (!result || isRefusal(result)) throw new Error(`Campaign ${campaignId} cannot end: ${result?.detail ?? 'gone'}`);
  return { state: result.state };
};

const drained = async ({ campaignId, runId, parts }: Extract<Task, { parts: number }>) => {
  const found = await progress.parts(runId);
  const sum = (what: 'batches' | 'done' | 'recipients') => found.reduce((total, part) => total + part[what], 0);
  const whole = found.filter(({ done, batches }) => done === batches).length;
  if (found.length < parts || whole < found.length) {
    const done = `${whole} of ${parts} parts, ${sum('done')} of ${sum('batches')} batches of ${runId} are done`;
    const campaign = await store.defs.get<Campaign>('campaign', campaignId);
    if (campaign?.body.pause) throw new PlanPaused(done);
    throw new NotDrained(done);
  }
  return { parts, snapshotSize: sum('recipients') };
};
