import { routes as shelf } from '../../core/access/routes/campaign-shelf.ts';
import { routes } from '../../core/access/routes/campaigns.ts';
import { DEFAULT_EXPIRY_SECONDS, isAtVersion, waitOf } from '../../core/strategy/approval/decisions.ts';
import type { Campaign, CampaignInput } from '../../core/strategy/campaign.ts';
import {
  cancelled,
  type Decision,
  edited,
  paused,
  submitted,
  withSpeed,
} from '../../core/strategy/campaign-decisions.ts';
import { goneOn } from '../../core/strategy/campaign-schedule.ts';
import { type PreFlight, preFlightId } from '../../core/strategy/pre-flight/pre-flight-id.ts';
import { refuseUnknown } from '../adapters/audiences.ts';
import { definitions } from '../adapters/definitions.ts';
import { fallbackZone } from '../adapters/fallback-zone.ts';
import { createDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { storePlanVersion } from '../adapters/plan-versions.ts';
import { orProblem } from '../audience/or-problem.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { campaignView, preFlightView } from './campaign-view.ts';
import { changeCampaign, isRefusal, tellWaiting } from './change-campaign.ts';
import { holdRun, leadRun } from './lead-run.ts';
import { env } from './manage-campaigns.env.ts';
import { policyOf } from './policy-of.ts';
import { listedCampaigns, shelfOperations } from './shelve-campaigns.ts';
import { startRun } from './start-run.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE, ...arns } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const machines = {
  'approve-plan': arns.APPROVE_MACHINE_ARN,
  'run-campaign': arns.RUN_MACHINE_ARN,
  'repeat-campaign': arns.REPEAT_MACHINE_ARN,
  'release-parked': arns.RELEASE_MACHINE_ARN,
};
const sinks = { auditTable: AUDIT_TABLE, machines };

/**
 * Campaigns from draft to decision, and what stops them. Running a change twice is safe: edits and submissions name the
 * version that they change, decisions, pauses, cancellations and speeds that were set before change nothing.
 */
export const handler = apiHandler(
  'strategy/manage-campaigns',
  [...routes, ...shelf],
  {
    ...shelfOperations({ defs, viewOf: campaignView, load, create, change }),

    createCampaign: async ({ body, actor, nowMs, newId }) => {
      await refuseUnknown(defs, body.audience, 'audience.').catch(orProblem);
      return create(newId, body, actor, nowMs);
    },

    listCampaigns: async ({ query }) => {
      const page = await listedCampaigns(defs, query);
      return { body: { ...page, items: page.items.map(campaignView) } };
    },

    getCampaign: async ({ params }) => {
      const campaign = await load(params.campaignId);
      const found = await defs.get<PreFlight>('pre-flight', preFlightId(campaign));
      return { body: { ...campaignView(campaign), ...(found && { preFlight: preFlightView(found.body) }) } };
    },

    updateCampaign: async ({ params, body: { version, ...input }, actor, nowMs }) => {
      await refuseUnknown(defs, input.audience, 'audience.').catch(orProblem);
      return change(
        params.campaignId,
        actor,
        nowMs,
        atVersion(version, (campaign) => edited(campaign, input, actor)),
        (before, after) => tellWaiting(before, after, 'voided'),
      );
    },

    submitCampaign: async ({ params, body, actor, nowMs }) => {
      const { version, expirySeconds = DEFAULT_EXPIRY_SECONDS } = body;
      // What is frozen must be the version that the change below finds.
      const campaign = await load(params.campaignId);
      if (!isAtVersion(campaign, version)) throw new Problem('version-conflict', versionDetail(campaign, version));
      // What it takes to freeze one is needed for this alone.
      const { freezeCampaign } = await import('./freeze-campaign.ts');
      const plan = await freezeCampaign(defs, campaign, nowMs);
      // The content is stored before the campaign names it: nobody ever finds a hash without its plan.
      await storePlanVersion(defs, plan, nowMs);
      const submission = { hash: plan.hash, expirySeconds, ...(await policyOf(defs, campaign, actor)) };
      return change(
        params.campaignId,
        actor,
        nowMs,
        atVersion(version, (now) => submitted(now, submission, actor, nowMs), isAtVersion),
        (_, after) => [askForApproval(after, nowMs)],
      );
    },

    pauseCampaign: async ({ params, body, actor, nowMs }) =>
      change(params.campaignId, actor, nowMs, (campaign) => paused(campaign, actor, body.reason, nowMs)),

    resumeCampaign: async ({ params, actor, nowMs }) => {
      const timeZone = await fallbackZone(defs);
      return withRun(nowMs, actor, params.campaignId, (campaign) => goneOn(campaign, nowMs, timeZone), startRun);
    },

    cancelCampaign: async ({ params, body, actor, nowMs }) =>
      change(
        params.campaignId,
        actor,
        nowMs,
        (campaign) => cancelled(campaign, body.reason),
        (before, after) => tellWaiting(before, after, 'cancelled'),
      ),

    setCampaignSpeed: async ({ params, body: { perMinute }, actor, nowMs }) =>
      withRun(nowMs, actor, params.campaignId, (campaign) =>
        withSpeed(campaign, perMinute === null ? undefined : { perMinute }),
      ),
  },
  IDEMPOTENCY_TABLE,
);

async function create(id: string, content: CampaignInput, actor: string, nowMs: number) {
  const start = { id, version: 1, state: 'draft' as const, author: actor, editors: [], createdMs: nowMs };
  const campaign: Campaign = { ...content, ...start };
  const entry = { subject: `campaign/${id}`, action: 'create', actor, atMs: nowMs, version: 1, detail: content.name };
  const stored = await createDefinition(defs, 'campaign', id, campaign, nowMs, [{ effect: 'audit', entry }], sinks);
  return { body: campaignView(stored.body), headers: { location: `/v1/campaigns/${id}` } };
}

async function load(id: string): Promise<Campaign> {
  const stored = await defs.get<Campaign>('campaign', id);
  if (!stored || stored.body.deletedMs !== undefined) throw new Problem('not-found', `There is no campaign ${id}`);
  return stored.body;
}

async function change(
  id: string,
  actor: string,
  nowMs: number,
  decide: (campaign: Campaign) => Decision,
  effects?: (before: Campaign, after: Campaign) => OutboxEntry[],
) {
  const result = await changeCampaign({ defs, sinks }, id, actor, nowMs, decide, effects);
  if (!result) throw new Problem('not-found', `There is no campaign ${id}`);
  if (isRefusal(result)) throw new Problem(result.problem, result.detail);
  await holdRun({ defs, sinks }, result, { actor, nowMs });
  return { body: campaignView(result) };
}

/** The same with the run of a campaign that repeats, if one is under way. */
async function withRun(
  nowMs: number,
  actor: string,
  id: string,
  decide: (campaign: Campaign) => Decision,
  effects?: (before: Campaign, after: Campaign) => OutboxEntry[],
) {
  const answer = await change(id, actor, nowMs, decide, effects);
  await leadRun({ defs, sinks }, answer.body, { actor, nowMs }, decide);
  return answer;
}

/** Refuses when the caller has read another version than the one that would be changed. */
const atVersion =
  (
    version: number,
    decide: (campaign: Campaign) => Decision,
    isRead = (campaign: Campaign, read: number) => campaign.version === read,
  ) =>
  (campaign: Campaign): Decision =>
    isRead(campaign, version)
      ? decide(campaign)
      : { kind: 'refuse', problem: 'version-conflict', detail: versionDetail(campaign, version) };

const versionDetail = (campaign: Campaign, version: number): string =>
  `The campaign is at version ${campaign.version}, not ${version}`;

const askForApproval = ({ id, approval, ...campaign }: Campaign, nowMs: number): OutboxEntry => {
  if (!approval) throw new Error(`Campaign ${id} was submitted without an approval`);
  const { hash, submission } = approval;
  const wait = waitOf({ ...campaign, id, approval }, { hash, submission }, nowMs);
  const input = { kind: 'campaign', id, hash, submission, wait };
  return { effect: 'start-execution', machine: 'approve-plan', name: `${id}-${hash}-${submission}`, input };
};
