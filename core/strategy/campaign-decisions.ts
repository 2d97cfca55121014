import type { ProblemType } from '../access/problems.ts';
import type { Approval, Campaign, CampaignInput } from './campaign.ts';
import { type CampaignAction, isOver, nextState } from './campaign-states.ts';

/**
 * What an act does to a campaign: `change` is to be saved, `same` says that it was done before (so that acting twice is
 * harmless), `refuse` is told to the caller.
 */
export type Decision =
  | { kind: 'change'; action: CampaignAction | 'set-speed'; campaign: Campaign; detail: string }
  | { kind: 'same'; campaign: Campaign }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

/** What the state machines act as in the audit log. */
export const MACHINE = 'herald';

export const DEFAULT_EXPIRY_SECONDS = 7 * 86_400;

const refuse = (problem: ProblemType, detail: string): Decision => ({ kind: 'refuse', problem, detail });

/** Moves by the table, or refuses with the words that the caller reads. */
const act = (campaign: Campaign, action: CampaignAction, change: Partial<Campaign>, detail: string): Decision => {
  const state = nextState(campaign.state, action);
  if (!state) return refuse('state-conflict', `A campaign that is ${campaign.state} takes no ${action}`);
  const { pause: _over, ...rest } = campaign;
  return { kind: 'change', action, campaign: { ...rest, ...change, state }, detail };
};

/** New content. An approval that was asked for, or refused, is void: it was of something else. */
export const edited = (campaign: Campaign, input: CampaignInput, actor: string): Decision => {
  const { id, version, state, author, createdMs } = campaign;
  const editors = [...new Set([...campaign.editors, actor])];
  return act({ ...input, id, version, state, author, createdMs, editors }, 'edit', {}, input.name);
};

/** Asks for approval of the plan version `hash`. */
export const submitted = (
  campaign: Campaign,
  hash: string,
  actor: string,
  nowMs: number,
  expirySeconds = DEFAULT_EXPIRY_SECONDS,
): Decision => {
  const approval: Approval = {
    hash,
    submission: campaign.version,
    submittedBy: actor,
    submittedMs: nowMs,
    expiresMs: nowMs + expirySeconds * 1000,
  };
  return act(campaign, 'submit', { approval }, hash);
};

/** True for everyone whose work it is: they may not approve it. */
export const isOwnWork = (campaign: Campaign, actor: string): boolean =>
  campaign.author === actor || campaign.editors.includes(actor) || campaign.approval?.submittedBy === actor;

/**
 * A person's yes or no. `hash`, when given, is that of the plan version the person has read. The same person saying the
 * same again is harmless; whatever else comes after a decision is refused.
 */
export const decided = (
  campaign: Campaign,
  outcome: 'approved' | 'rejected',
  by: { actor: string; comment: string; hash?: string | undefined },
  nowMs: number,
): Decision => {
  const { approval } = campaign;
  if (isOwnWork(campaign, by.actor)) return refuse('own-approval', 'You created, edited or submitted this campaign');
  const before = approval?.decision;
  if (before && before.outcome !== 'expired') {
    if (before.by === by.actor && before.outcome === outcome) return { kind: 'same', campaign };
    return refuse('already-decided', `It was ${before.outcome} by ${before.by}`);
  }
  if (campaign.state !== 'in review' || !approval) {
    return refuse('state-conflict', `A campaign that is ${campaign.state} waits for no approval`);
  }
  if (by.hash !== undefined && by.hash !== approval.hash) {
    return refuse('version-conflict', `You have read ${by.hash}; what waits for approval is ${approval.hash}`);
  }
  if (nowMs >= approval.expiresMs)
    return refuse('state-conflict', 'The approval has expired; submit the campaign again');
  if (!approval.taskToken) return refuse('approval-not-ready', 'Repeat the request in a moment');
  const { taskToken: _answered, ...rest } = approval;
  const decision = { outcome, by: by.actor, atMs: nowMs, comment: by.comment };
  return act(campaign, outcome === 'approved' ? 'approve' : 'reject', { approval: { ...rest, decision } }, by.comment);
};

/** Which approval a state machine speaks of. */
export type ApprovalRef = { hash: string; submission: number };

const isCurrent = ({ approval }: Campaign, ref: ApprovalRef): boolean =>
  approval?.hash === ref.hash && approval.submission === ref.submission;

/** Keeps the token with which the waiting state machine is told the decision; undefined when nobody needs it any more. */
export const opened = (campaign: Campaign, ref: ApprovalRef, taskToken: string): Campaign | undefined =>
  campaign.state === 'in review' && campaign.approval && isCurrent(campaign, ref)
    ? { ...campaign, approval: { ...campaign.approval, taskToken } }
    : undefined;

/**
 * After the wait. What was decided stands in the campaign, so that a decision of the last second wins over the time-out
 * of the wait. An approval that an edit or another submission has replaced changes nothing.
 */
export const settled = (campaign: Campaign, ref: ApprovalRef, expired: boolean, nowMs: number): Decision => {
  if (!campaign.approval || !isCurrent(campaign, ref)) return { kind: 'same', campaign };
  if (campaign.state === 'approved') return act(campaign, 'schedule', {}, ref.hash);
  if (campaign.state !== 'in review' || !expired) return { kind: 'same', campaign };
  const { taskToken: _void, ...rest } = campaign.approval;
  const decision = { outcome: 'expired' as const, by: MACHINE, atMs: nowMs, comment: '' };
  return act(campaign, 'expire', { approval: { ...rest, decision } }, 'Nobody decided in time');
};

/** Stops it, whatever it does now. What is already with a provider cannot be called back. */
export const cancelled = (campaign: Campaign, reason: string): Decision => {
  if (campaign.state === 'cancelled') return { kind: 'same', campaign };
  const { approval } = campaign;
  const { taskToken: _void, ...rest } = approval ?? {};
  return act(campaign, 'cancel', { reason, ...(approval && { approval: rest as Approval }) }, reason);
};

/**
 * A run is kept for 60 days, its recipients and its ledger. A pause that lasts until so long after the run began ends in a
 * cancellation, which leaves time to settle everybody. run-campaign.asl.json has the same 30 days.
 */
export const PAUSABLE_MS = 30 * 86_400_000;

/** Sends nothing more until it is resumed or cancelled; nobody is settled by it. Pausing again keeps who was first. */
export const paused = (campaign: Campaign, by: string, reason: string, nowMs: number): Decision => {
  if (campaign.state === 'paused') return { kind: 'same', campaign };
  if (campaign.run && nowMs >= campaign.run.startedMs + PAUSABLE_MS) {
    return refuse('state-conflict', 'It began more than 30 days ago, and its recipients are not kept much longer');
  }
  return act(campaign, 'pause', { pause: { number: campaign.version + 1, by, atMs: nowMs, reason } }, reason);
};

/** Goes on. One that sends has been resumed before. */
export const resumed = (campaign: Campaign): Decision =>
  campaign.state === 'sending' ? { kind: 'same', campaign } : act(campaign, 'resume', {}, '');

/** With the token by which the run is told that the pause is over; undefined when it is not paused. */
export const held = (campaign: Campaign, runId: string, taskToken: string): Campaign | undefined =>
  campaign.pause && campaign.run?.runId === runId
    ? { ...campaign, pause: { ...campaign.pause, taskToken } }
    : undefined;

const isUnderWay = ({ state }: Campaign): boolean => state === 'preparing' || state === 'sending' || state === 'paused';

/**
 * How fast it sends from now on; undefined: as fast as providers allow. It is not part of what is approved, which is whom and what:
 * so it moves the campaign to no other state.
 */
export const withSpeed = (campaign: Campaign, speed: Campaign['speed']): Decision => {
  if (isOver(campaign.state))
    return refuse('state-conflict', `A campaign that is ${campaign.state} has no speed to set`);
  if (campaign.speed?.perMinute === speed?.perMinute) return { kind: 'same', campaign };
  const { speed: _before, ...rest } = campaign;
  const detail = speed ? `${speed.perMinute} a minute` : 'no limit';
  return { kind: 'change', action: 'set-speed', campaign: { ...rest, ...(speed && { speed }) }, detail };
};

/** The run has begun. Repeated by a retry, it is the same run, whatever people have done with it since. */
export const prepared = (campaign: Campaign, runId: string, nowMs: number): Decision => {
  if (isUnderWay(campaign) && campaign.run?.runId === runId) return { kind: 'same', campaign };
  return act(campaign, 'prepare', { run: { runId, startedMs: nowMs } }, runId);
};

/** Its audience is frozen, messages go out, or wait while it is paused. Repeated by a retry, it changes nothing. */
export const begun = (campaign: Campaign, runId: string): Decision =>
  campaign.state === 'sending' || campaign.state === 'paused'
    ? { kind: 'same', campaign }
    : act(campaign, 'send', {}, runId);

/** The run has ended: well, or with `error`. A campaign that was cancelled meanwhile stays as it is. */
export const ended = (
  campaign: Campaign,
  runId: string,
  result: { error?: string | undefined; snapshotSize?: number | undefined; parts?: number | undefined },
  nowMs: number,
): Decision => {
  const run = {
    ...(campaign.run ?? { runId, startedMs: nowMs }),
    ...(result.snapshotSize !== undefined && { snapshotSize: result.snapshotSize }),
    ...(result.parts !== undefined && { parts: result.parts }),
    finishedMs: nowMs,
  };
  if (run.runId !== runId || campaign.run?.finishedMs !== undefined || campaign.state === 'cancelled') {
    return { kind: 'same', campaign };
  }
  if (result.error !== undefined) return act(campaign, 'fail', { run, reason: result.error }, result.error);
  return act(campaign, 'finish', { run }, runId);
};
