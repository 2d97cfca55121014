import { durationMs } from '../../../../core/event/duration.ts';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';

/** An event as it was delivered: nothing is told apart but by its type. */
export type Told = { key: string; type: string; at: number; epoch?: number };

type Moment = {
  state: 'live' | 'paused' | 'stopped';
  sinceMs: number;
  current: JourneyInput;
  inside: 'finish' | 'move' | 'exit';
};

const FIVE_MINUTES = 300_000;
const HOUR = 3_600_000;

/**
 * A journey read as plainly as it is written, by somebody who forgets nothing: every event that was ever delivered is kept, and asked
 * again whenever somebody begins to wait. What `advance` remembers in so little room must come to the same.
 */
export const twin = (moment: Moment) => {
  const history: Told[] = [];
  const path: string[] = [];
  const sent: string[] = [];
  let journey = moment.current;
  let entry = 0;
  let holdNumber = 0;
  let inside = false;
  let node = '';
  let [clock, since, entered, due, endedAt, lastMs] = [0, 0, 0, 0, 0, 0];
  let met: Told | undefined;
  let entryEvent: Told | undefined;
  let taken = new Set<string>();
  let goals = new Map<string, number>();
  let isLast = false;
  let epoch = 0;
  let isUnsure = false;

  const end = (reason: string, now: number) => {
    path.push(`${node} ${reason}`);
    inside = false;
    endedAt = Math.max(now, clock);
  };
  const moveClock = (at: number, now: number) => {
    since = Math.max(since, at);
    clock = Math.max(clock, Math.min(now, Math.max(at, now - FIVE_MINUTES)));
    met = undefined;
  };
  const goalsAndExits = (told: Told, now: number) => {
    if (!entryEvent || told.at < entryEvent.at || told.key === entryEvent.key) return;
    for (const { name, event, within, exits } of journey.goals ?? []) {
      const inTime = within ? told.at <= entered + durationMs(within) : inside || told.at <= endedAt;
      if (event.eventType !== told.type || goals.has(name) || !inTime) continue;
      goals.set(name, told.at);
      path.push(`goal ${name}`);
      if (exits && inside) end('goal', now);
    }
    const exits = (journey.exits ?? []).some((one) => 'event' in one && one.event.eventType === told.type);
    if (exits && inside) end('exit-criterion', now);
  };
  const hold = (dueMs: number) => {
    path.push(`${node} waits`);
    holdNumber += 1;
    lastMs = entered + durationMs(journey.longest ?? { days: 366 });
    due = Math.min(dueMs, lastMs);
    isLast = dueMs > lastMs;
  };
  /** The event that this node waits for first, of all that ever were. */
  const waitedFor = (within: number, types: string[]) =>
    history
      .filter(({ key, type, at }) => types.includes(type) && at >= since && at <= clock + within && !taken.has(key))
      .sort((a, b) => a.at - b.at)[0];
  const walk = (to: string, now: number): void => {
    if (moment.inside === 'move') journey = moment.current;
    const here = journey.nodes[to];
    if (here) node = to;
    if (!here) end('node-gone', now);
    else if (here.kind === 'exit') end('exit', now);
    else if (here.kind === 'wait') hold(clock + durationMs(here.for));
    else if (here.kind === 'wait-for-event') {
      const first = waitedFor(
        durationMs(here.within),
        here.events.map(({ event }) => event.eventType),
      );
      if (first && first.epoch !== epoch && moment.inside === 'move') isUnsure = true;
      if (first) take(first, now);
      else hold(clock + durationMs(here.within));
    } else if (here.kind === 'message') {
      path.push(`${node} next`);
      sent.push(`${entry} ${node}`);
      walk(here.next, now);
    }
  };
  const take = (told: Told, now: number): void => {
    const here = journey.nodes[node];
    if (here?.kind !== 'wait-for-event') throw new Error('It waits for nothing');
    moveClock(told.at, now);
    taken.add(told.key);
    path.push(`${node} ${told.type}`);
    const branch = here.events.find(({ event }) => event.eventType === told.type);
    walk(branch?.next ?? '', now);
  };
  const wants = ({ type, at, key }: Told): boolean => {
    const here = journey.nodes[node];
    const isAwaited = here?.kind === 'wait-for-event' && here.events.some(({ event }) => event.eventType === type);
    return isAwaited && at >= since && at <= due && !taken.has(key);
  };
  const settle = (now: number) => {
    if (inside && moment.inside === 'exit' && journey !== moment.current) end('version-ended', now);
    if (inside && met && moment.state === 'live') take(met, now);
  };
  const byTime = (now: number) => {
    if (!inside || moment.state !== 'live' || now < due) return;
    const here = journey.nodes[node];
    moveClock(due, now);
    if (isLast) end('too-long', now);
    else if (here?.kind === 'wait-for-event') {
      path.push(`${node} timeout`);
      walk(here.onTimeout, now);
    } else {
      path.push(`${node} next`);
      walk(here && 'next' in here ? here.next : '', now);
    }
  };

  return {
    moment,
    path,
    sent,
    goals: () => Object.fromEntries(goals),
    holdNumber: () => holdNumber,
    isInside: () => inside,
    /** What came before an edit, and only the new version asks for, is not promised to be remembered. */
    isUnsure: () => isUnsure,
    edited: () => {
      epoch += 1;
    },
    enter(told: Told, now: number) {
      const { reentry } = moment.current;
      const isLate = now > told.at + HOUR || told.at < moment.sinceMs || moment.state !== 'live';
      if (isLate || inside || (entry > 0 && told.at <= endedAt)) return;
      const isSoon = reentry?.after !== undefined && told.at < entered + durationMs(reentry.after);
      if (entry > 0 && (!reentry || isSoon || entry >= (reentry.atMost ?? 99))) return;
      entry += 1;
      journey = moment.current;
      [clock, since, node, inside] = [0, told.at, '', true];
      moveClock(told.at, now);
      entered = clock;
      entryEvent = told;
      taken = new Set([told.key]);
      goals = new Map();
      path.push('entry event');
      if (history.some((one) => one.epoch !== epoch && one.at >= told.at)) isUnsure = true;
      for (const before of history.toSorted((a, b) => a.at - b.at)) {
        goalsAndExits(before, now);
        if (!inside) return;
      }
      walk(journey.start, now);
    },
    hear(told: Told, now: number) {
      const isKnown = history.some(({ key }) => key === told.key);
      if (!isKnown) history.push({ ...told, epoch });
      if (entry === 0) return;
      goalsAndExits(told, now);
      settle(now);
      if (!inside || taken.has(told.key) || !wants(told)) return;
      if (moment.state === 'live') take(told, now);
      else met ??= told;
    },
    due(number: number, now: number) {
      settle(now);
      if (number === holdNumber) byTime(now);
    },
    look(now: number) {
      settle(now);
      byTime(now);
    },
  };
};
