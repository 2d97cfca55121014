import type { ProblemType } from '../access/problems.ts';
import { type Approval, type ApprovalRef, withoutTrouble } from './approval/approval.ts';
import { sizedApproval } from './approval/audience-size.ts';
import {
  asked,
  isCurrent,
  isOpen,
  openedAt,
  pastSubmissions,
  revoked,
  type Saying,
  type Submission,
  type Verdict,
  type Voter,
  voted,
  woken,
} from './approval/decisions.ts';
import type { Campaign, CampaignInput } from './campaign.ts';
import { type CampaignAction, isOver, nextState } from './campaign-states.ts';
import type { VariantDecision } from './experiment/campaign-experiment.ts';

/** What changes a campaign, and leaves it in its state. */
export type OtherAction =
  | 'set-speed'
  | 'decide-variant'
  | 'vote'
  | 'remind'
  | 'count-audience'
  | 'archive'
  | 'unarchive'
  | 'delete'
  | 'note-run'
  | 'begin-run'
  | 'skip-run';

/**
 * What an act does to a campaign: `change` is to be saved, `same` says that it was done before (so that acting twice is
 * harmless), `refuse` is told to the caller.
 */
export type Decision =
  | { kind: 'change'; action: CampaignAction | OtherAction; campaign: Campaign; detail: string }
  | { kind: 'same'; campaign: Campaign }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

export const refuse = (problem: ProblemType, detail: string): Decision => ({ kind: 'refuse', problem, detail });

/** Moves by the table, or refuses with the words that the caller reads. */
export const act = (
  campaign: Campaign,
  action: CampaignAction,
  change: Partial<Campaign>,
  detail: string,
): Decision => {
  const state = nextState(campaign.state, action);
  if (!state) return refuse('state-conflict', `A campaign that is ${campaign.state} takes no ${action}`);
  const { pause: _over, ...rest } = campaign;
  return { kind: 'change', action, campaign: { ...rest, ...change, state }, detail };
};

/** New content. An approval that was asked for, or refused, is void: it was of something else. */
export const edited = (campaign: Campaign, input: CampaignInput, actor: string): Decision => {
  const { id, version, state, author, createdMs } = campaign;
  const editors = [...new Set([...campaign.editors, actor])];
  const history = pastSubmissions(campaign);
  const content = { ...input, id, version, state, author, createdMs, editors };
  return act({ ...content, ...(history.length > 0 && { history }) }, 'edit', {}, input.name);
};

/** Asks for approval of a plan version. Asked for again, it is the same submission. */
export const submitted = (campaign: Campaign, submission: Submission, actor: string, nowMs: number): Decision => {
  if (isOpen(campaign, submission.hash, nowMs)) return { kind: 'same', campaign };
  const history = pastSubmissions(campaign);
  const approval = asked(campaign, submission, actor, nowMs);
  // Out of the archive by that, also once it is over.
  const { archived: _out, ...shown } = campaign;
  return act(shown, 'submit', { approval, ...(history.length > 0 && { history }) }, submission.hash);
};

/** What a verdict does to the campaign. Once it is approved, taking that back cancels it: its run has begun, or waits for its time. */
const carriedOut = (campaign: Campaign, verdict: Verdict): Decision => {
  if (verdict.kind === 'same') return { kind: 'same', campaign };
  if (verdict.kind === 'refuse') return verdict;
  const { action, approval, detail } = verdict;
  if (action === 'vote' || action === 'remind')
    return { kind: 'change', action, campaign: { ...campaign, approval }, detail };
  if (action !== 'revoke') return act(campaign, action, { approval }, detail);
  const reason = `Its approval was revoked: ${detail}`;
  return act(campaign, 'cancel', { approval, reason }, reason);
};

/** A person's yes or no, see `voted`. */
export const decided = (campaign: Campaign, outcome: 'approved' | 'rejected', by: Saying, nowMs: number): Decision =>
  carriedOut(campaign, voted(campaign, outcome, by, nowMs));

/** Takes its approval back, in whatever state it is before its end: see `revoked`. */
export const disapproved = (
  campaign: Campaign,
  by: Pick<Voter, 'actor' | 'roles'> & { reason: string },
  nowMs: number,
): Decision => carriedOut(campaign, revoked(campaign, by, isOver(campaign.state), nowMs));

/** Its audience was counted, before anybody is asked: see `sizedApproval`. */
export const counted = (campaign: Campaign, ref: ApprovalRef, audience: number | undefined): Decision => {
  const approval = sizedApproval(campaign, ref, audience);
  if (!approval) return { kind: 'same', campaign };
  return {
    kind: 'change',
    action: 'count-audience',
    campaign: { ...campaign, approval },
    detail: `${audience} people`,
  };
};

/** Keeps the token of the wait for a level; undefined when nobody needs it any more. */
export const opened = (
  campaign: Campaign,
  ref: ApprovalRef & { level: number },
  taskToken: string,
): Campaign | undefined => {
  const approval = openedAt(campaign, ref, taskToken);
  return approval && { ...campaign, approval };
};

/** After a wait: what was approved is scheduled; else it expires, is reminded of, or waits on. */
export const settled = (campaign: Campaign, ref: ApprovalRef, givenUp: boolean, nowMs: number): Decision => {
  if (campaign.state !== 'approved' || !campaign.approval || !isCurrent(campaign, ref)) {
    return carriedOut(campaign, woken(campaign, ref, givenUp, nowMs));
  }
  return act(campaign, 'schedule', { approval: withoutTrouble(campaign.approval) }, ref.hash);
};

/** Stops it, whatever it does now. What is already with a provider cannot be called back. */
export const cancelled = (campaign: Campaign, reason: string): Decision => {
  if (campaign.state === 'cancelled') return { kind: 'same', campaign };
  const { approval } = campaign;
  const { taskToken: _void, ...rest } = approval ?? {};
  return act(campaign, 'cancel', { reason, ...(approval && { approval: withoutTrouble(rest as Approval) }) }, reason);
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

/** Its messages are out, and which variant is the better one is still to be decided. */
export const awaitsDecision = ({ experiment, run, state }: Campaign): boolean =>
  experiment !== undefined && run !== undefined && run.decision === undefined && !isOver(state);

/** With what was decided, once for a run, while it sends or is paused. */
export const variantDecided = (campaign: Campaign, runId: string, decision: VariantDecision): Decision => {
  const { run } = campaign;
  if (run?.runId !== runId || !awaitsDecision(campaign)) return { kind: 'same', campaign };
  const detail = `${decision.variant}, ${decision.because}`;
  return { kind: 'change', action: 'decide-variant', campaign: { ...campaign, run: { ...run, decision } }, detail };
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
