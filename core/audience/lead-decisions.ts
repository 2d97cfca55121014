import type { AcceptedEvent } from '../event/event.ts';
import { isAnonymous } from '../event/identity.ts';
import { eventKey } from '../event/window-state.ts';
import { hashOf } from '../strategy/plan-hash.ts';
import {
  type Counted,
  type LeadState,
  MAX_HISTORY,
  MAX_SHARES,
  newLead,
  type PastStage,
  type Pin,
  round2,
  type Share,
  type StageCause,
  type StageChange,
} from './lead.ts';
import { halfLifeMsOf, type LeadModel, type LeadRule, ruleKey } from './lead-model.ts';
import {
  addLeads,
  isKnown,
  isTooLate,
  partsAt,
  scoreAt,
  sharesAt,
  steadyOf,
  withEvents,
  withoutTraces,
} from './lead-score.ts';
import { handedOver, movesAt, stageFor } from './lead-stage.ts';
import { ulidOf } from './ulid-of.ts';

export type ScoringModel = Pick<LeadModel, 'id' | 'name' | 'halfLifeDays' | 'rules' | 'stages'>;

/** `state`: what to write (absent: nothing changed). `change`: to be told to the world. `timer`: look again at `dueMs`. */
export type LeadDecision = { state?: LeadState; change?: StageChange; timer?: { dueMs: number } };

/** Who is looked at, and what their profile gives now. */
export type Looked = { profileId: string; fit: Share[] };

/**
 * Shows a lead an event that these rules of its model match. Everything is reckoned in event time, so repeats and the order
 * of arrival make no difference to the score. An event counts once, whatever it matches when it is delivered again; one of
 * more than seven days ago does not count, and one of the future counts as of its arrival.
 */
export const observeLead = (
  model: ScoringModel,
  stored: LeadState | undefined,
  seen: Looked & { event: AcceptedEvent; rules: readonly LeadRule[] },
  nowMs: number,
): LeadDecision => {
  const state = stored ?? newLead(model.stages[0]?.name ?? '', nowMs);
  const { event } = seen;
  const key = eventKey(event);
  const timeMs = Math.min(event.timeMs, event.receivedMs);
  if (isKnown(state, key) || isTooLate(state, timeMs, nowMs)) return {};
  const given = { ...state.rules };
  const added = seen.rules.map((rule): Counted => {
    const name = ruleKey(model, rule);
    const { label, points, capPerDay, maxTimes } = rule;
    const caps = { ...(capPerDay && { perDay: capPerDay }), ...(maxTimes && { times: maxTimes }) };
    given[name] = { label, points, halfLifeMs: halfLifeMsOf(model, rule), ...caps };
    return [timeMs, key, name];
  });
  return settle(model, withEvents({ ...state, rules: given }, added, nowMs), seen, nowMs, 'score');
};

/**
 * Looks again, when the timer has rung that was set for `dueMs`: points have faded, and the profile may be another one. A
 * timer that rings twice, or of which an earlier one has taken the place, finds nothing to do; one that rings too early is
 * set again.
 */
export const lookAtLead = (
  model: ScoringModel,
  stored: LeadState | undefined,
  seen: Looked & { dueMs: number },
  nowMs: number,
): LeadDecision => {
  if (stored?.timerMs === undefined) return {};
  if (stored.timerMs <= nowMs) return settle(model, stored, seen, nowMs, 'decay');
  return stored.timerMs === seen.dueMs ? { timer: { dueMs: seen.dueMs } } : {};
};

/** A person says where the lead stands. It stays there, whatever the score, until a person lets go of it. */
export const setStage = (
  model: ScoringModel,
  stored: LeadState | undefined,
  seen: Looked,
  stage: string,
  pin: Pin,
): LeadDecision => {
  const state = { ...(stored ?? newLead(model.stages[0]?.name ?? '', pin.atMs)), fit: seen.fit, pin };
  const to = model.stages.findIndex(({ name }) => name === stage);
  return state.stage === stage ? { state } : moved(model, state, seen, to, pin.atMs, 'person');
};

/** The score decides again. From a stage that only people set, a lead goes where its score puts it. */
export const releaseStage = (model: ScoringModel, stored: LeadState, seen: Looked, nowMs: number): LeadDecision => {
  const { pin: _, ...state } = stored;
  return settle(model, state, seen, nowMs, 'score');
};

/**
 * The lead of a person who was known by another id as well: the events of both, each once. A stage that a person set stays,
 * and so does any while the model is not active. `alias` is remembered, because sums that were added may not be added again.
 */
export const mergeLead = (
  model: ScoringModel & Pick<LeadModel, 'state'>,
  into: LeadState | undefined,
  from: LeadState,
  { alias, profileId }: { alias: string; profileId: string },
  nowMs: number,
): LeadDecision => {
  const state = into ?? newLead(model.stages[0]?.name ?? '', nowMs);
  if (state.merged?.includes(alias)) return {};
  const both = { ...addLeads(state, from, nowMs), merged: [...(state.merged ?? []), alias].slice(-MAX_MERGED) };
  // Rules that nobody has activated move nobody; the next event or timer does, once somebody has.
  if (model.state !== 'active') return { state: both };
  return settle(model, both, { profileId, fit: state.fit }, nowMs, 'merge');
};
const MAX_MERGED = 5;

/** A stage that the model does not have any more counts as the first one. */
const indexIn = (stages: ScoringModel['stages'], { stage }: LeadState): number =>
  Math.max(
    0,
    stages.findIndex(({ name }) => name === stage),
  );

/** Moves the lead where its score puts it. Somebody who is not known yet has a score and no stage to speak of. */
const settle = (
  model: ScoringModel,
  unsettled: LeadState,
  seen: Looked,
  nowMs: number,
  cause: StageCause,
): LeadDecision => {
  const current = new Set(model.rules.map((rule) => ruleKey(model, rule)));
  const state = { ...withoutTraces(unsettled, current, nowMs), fit: seen.fit };
  if (state.pin || isAnonymous(seen.profileId)) return { state: withoutTimer(state) };
  const index = indexIn(model.stages, state);
  const byHand = index > 0 && model.stages[index]?.from === undefined;
  const to = stageFor(model.stages, byHand ? 0 : index, scoreAt(state, nowMs));
  const isSame = to === index && model.stages[to]?.name === state.stage;
  const { state: next, ...rest } = isSame ? { state } : moved(model, state, seen, to, nowMs, cause);
  return { ...withTimer(model, next ?? state, to, nowMs), ...rest };
};

const withoutTimer = ({ timerMs: _, ...state }: LeadState): LeadState => state;

/** A timer that rings before it is needed sets the next one then, so most events set none. */
const withTimer = ({ stages }: ScoringModel, state: LeadState, index: number, nowMs: number): LeadDecision => {
  const dueMs = movesAt(stages, index, { parts: partsAt(state, nowMs), steady: steadyOf(state) }, nowMs);
  const set = state.timerMs !== undefined && state.timerMs > nowMs ? state.timerMs : undefined;
  if (dueMs === undefined) return { state: set === undefined ? withoutTimer(state) : state };
  return set !== undefined && set <= dueMs ? { state } : { state: { ...state, timerMs: dueMs }, timer: { dueMs } };
};

const moved = (
  { id: modelId, name: modelName, stages }: ScoringModel,
  state: LeadState,
  { profileId }: Looked,
  to: number,
  atMs: number,
  cause: StageCause,
): LeadDecision => {
  const stage = stages[to]?.name ?? '';
  const number = state.changes + 1;
  const { pin } = state;
  const score = round2(scoreAt(state, atMs));
  const person = pin && { by: pin.by, ...(pin.note !== undefined && { note: pin.note }) };
  const past: PastStage = { stage, score, atMs, cause, ...person };
  const change: StageChange = {
    id: ulidOf(atMs, hashOf([modelId, profileId, number, stage])),
    ...{ profileId, modelId, modelName, number, from: state.stage, ...past },
    why: sharesAt(state, atMs).slice(0, MAX_SHARES),
    handOver: handedOver(stages, indexIn(stages, state), to),
  };
  const history = [...state.history, past].slice(-MAX_HISTORY);
  return { state: { ...state, stage, sinceMs: atMs, changes: number, history }, change };
};
