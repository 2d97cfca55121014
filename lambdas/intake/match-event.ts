import type { DirectMessage } from '../../core/delivery/messages.ts';
import { deadlineOf, durationMs } from '../../core/event/duration.ts';
import type { Facts } from '../../core/event/evaluate.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import { isAnonymous } from '../../core/event/identity.ts';
import type { Timer } from '../../core/event/timer.ts';
import type { TriggerFault } from '../../core/event/trigger-fault.ts';
import type { ActiveTrigger, TriggerSet } from '../../core/event/trigger-set.ts';
import type { Firing } from '../../core/event/window.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { type Filled, fillWindow, ringTimer, type WindowPorts } from './fill-window.ts';
import { type FactSources, loadFacts } from './load-facts.ts';
import { TriggerFailed } from './trigger-faults.ts';

export type MatchPorts = WindowPorts & { report(faults: readonly TriggerFault[], nowMs: number): void };

export type Triggered = { trigger: ActiveTrigger; message: DirectMessage };

/**
 * What the triggers look at, for each event, in their order: read for all of them together, and only what can decide
 * something. Throws when it cannot be read.
 */
export const factsFor = async (
  sources: FactSources,
  set: Pick<TriggerSet, 'needs'>,
  events: readonly AcceptedEvent[],
): Promise<Facts[]> => {
  const needed = events.map((event) => set.needs(event));
  const wanted = events.flatMap((event, n) => {
    const needs = needed[n];
    return needs ? [{ event, needs }] : [];
  });
  const loaded = (wanted.length > 0 ? await loadFacts(sources, wanted) : []).values();
  return events.map((event, n) => (needed[n] ? (loaded.next().value ?? { event }) : { event }));
};

/**
 * The messages that an event asks for: of each trigger in force that it matches, and whose window it fulfils. A trigger that
 * fails is reported by name and left out. Running it twice asks for the same messages.
 */
export const matchEvent = async (
  ports: MatchPorts,
  set: TriggerSet,
  event: AcceptedEvent,
  facts: Facts,
  nowMs: number,
): Promise<Triggered[]> => {
  const { matches, faults } = set.match(facts);
  if (faults.length > 0) ports.report(faults, nowMs);
  const found: Triggered[] = [];
  // Each trigger has a window of its own.
  await inParallel(PARALLEL_WINDOWS, matches, async ({ trigger, role }) => {
    if (hasWindow(trigger)) {
      const firing = await isolated(ports, nowMs, () => fillWindow(ports, trigger, event, role, nowMs));
      if (firing) found.push(triggered(trigger, event.profileId, firing, nowMs));
      return;
    }
    const deadlineMs = deadlineOf(trigger, event);
    if (nowMs <= deadlineMs) found.push(triggered(trigger, event.profileId, { event, deadlineMs }, nowMs));
  });
  // Of somebody who is not known yet there is no address: what they do counts, and is answered when they sign in.
  return isAnonymous(event.profileId) ? [] : found;
};

const PARALLEL_WINDOWS = 10;

/**
 * The message that a timer's window asks for, if its trigger has been in force all the time: while it was paused, nobody saw
 * the events that the window waits for. Running it twice asks for the same one.
 */
export const ring = async (ports: MatchPorts, set: TriggerSet, timer: Timer, nowMs: number): Promise<Triggered[]> => {
  const trigger = set.get(timer.triggerId);
  if (!trigger || trigger.version !== timer.version || !hasWindow(trigger)) return [];
  const firing = await isolated(ports, nowMs, () => ringTimer(ports, trigger, timer, nowMs));
  const { profileId } = timer.event;
  return firing && !isAnonymous(profileId) ? [triggered(trigger, profileId, firing, nowMs)] : [];
};

const hasWindow = (trigger: ActiveTrigger): trigger is Filled => trigger.window !== undefined;

/** The person is the one of the event that just came: one that waited for it may still bear an anonymous id. */
const triggered = (
  trigger: ActiveTrigger,
  profileId: string,
  asked: Firing | Pick<DirectMessage, 'event' | 'deadlineMs'>,
  nowMs: number,
): Triggered => {
  const { deadline } = trigger;
  const deadlineMs = deadline ? nowMs + durationMs(deadline) : asked.deadlineMs;
  const plan = { kind: 'trigger' as const, id: trigger.id, hash: trigger.hash };
  return { trigger, message: { kind: 'direct', plan, profileId, ...asked, deadlineMs, step: 0 } };
};

const isolated = async <T>(ports: MatchPorts, nowMs: number, fill: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await fill();
  } catch (error) {
    if (!(error instanceof TriggerFailed)) throw error;
    ports.report([error.fault], nowMs);
    return undefined;
  }
};
