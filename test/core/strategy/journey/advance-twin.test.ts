import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { advance } from '../../../../core/strategy/journey/advance.ts';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import type { JourneyVersion } from '../../../../core/strategy/journey/journey-version.ts';
import type { JourneyMoment, Participant, Step, Stimulus } from '../../../../core/strategy/journey/participant.ts';
import { type Change, changes, type Happening, happenings, journeys, ringings } from './journey-world.ts';
import { eventOf, patternsFor, versionFrom } from './traveller.ts';
import { twin } from './twin.ts';

type Act = { at: number; order: number; run: (now: number) => void };

/**
 * One person in one journey, from the first event to the last timer; `advance` and the twin are told the same. Everything is told
 * twice to `advance` at once, and as often as the world says later.
 */
const live = (input: JourneyInput, world: { happened: Happening[]; rings: number[][]; changed: Change[] }) => {
  const acts: Act[] = [];
  let order = 0;
  const plan = (at: number, run: Act['run']) => acts.push({ at, order: order++, run });

  const versions = new Map<string, JourneyVersion>();
  const versionOf = (one: JourneyInput) => {
    const version = versionFrom(one);
    versions.set(version.hash, version);
    return version;
  };
  let moment: JourneyMoment = {
    profileId: 'ada',
    state: 'live',
    sinceMs: 0,
    current: versionOf(input),
    inside: 'finish',
  };
  const other = twin({ state: 'live', sinceMs: 0, current: input, inside: 'finish' });
  let participant: Participant | undefined;
  const steps: Step[] = [];
  const timers: { entry: number; step: number }[] = [];
  let parked = false;
  let rung = 0;

  const give = (stimulus: Stimulus, now: number, told: () => void): void => {
    const own = participant && versions.get(participant.hash);
    const asked = { ...moment, ...(own && { own }) };
    const before = structuredClone(participant);
    const answer = advance(participant, asked, stimulus, {}, now);
    expect(participant).toEqual(before);
    participant = answer.participant;
    steps.push(...answer.steps);
    told();
    if (answer.wake) {
      const { entry, step, dueMs } = answer.wake;
      timers.push({ entry, step });
      const number = other.holdNumber();
      for (const delay of world.rings[rung++ % world.rings.length] ?? [0]) {
        const ring = (at: number) => give({ kind: 'due', entry, step }, at, () => other.due(number, at));
        plan(Math.max(dueMs + delay, now), ring);
      }
    }
    if (answer.park) parked = true;
    // A look may find that more time has passed than one wait takes; whatever else comes twice changes nothing.
    if (stimulus.kind !== 'look') {
      const still = participant && versions.get(participant.hash);
      const again = advance(participant, { ...moment, ...(still && { own: still }) }, stimulus, {}, now);
      expect(again.steps).toEqual([]);
      expect(again.participant).toBe(participant);
    }
    // Whoever is inside has a timer, or is looked at when the pause ends.
    if (participant?.state === 'inside') {
      const { entry, hold } = participant;
      expect(timers.some((one) => one.entry === entry && one.step === hold?.step)).toBe(true);
    }
  };
  const look = (now: number) => give({ kind: 'look' }, now, () => other.look(now));

  for (const { type, at, delays, heardFirst } of world.happened) {
    const event = eventOf({ type, at });
    const told = { key: event.id, type, at };
    for (const delay of delays) {
      plan(at + delay, (now) => {
        const enters = () => type === 'start' && give({ kind: 'enter', event }, now, () => other.enter(told, now));
        const hears = () => {
          const patterns = patternsFor([...versions.values()], { type, at });
          give({ kind: 'event', patterns, event }, now, () => other.hear(told, now));
        };
        const both = heardFirst ? [hears, enters] : [enters, hears];
        for (const one of both) one();
      });
    }
  }
  const set = (change: Partial<JourneyMoment>, same: Partial<typeof other.moment>) => {
    moment = { ...moment, ...change };
    Object.assign(other.moment, same);
  };
  for (const change of world.changed) {
    if (change.kind === 'edit') {
      plan(change.at, (now) => {
        set(
          { current: versionOf(change.input), inside: change.inside },
          { current: change.input, inside: change.inside },
        );
        other.edited();
        look(now);
      });
    } else {
      plan(change.at, () => set({ state: 'paused' }, { state: 'paused' }));
      plan(change.until, (now) => {
        set({ state: 'live', sinceMs: now }, { state: 'live', sinceMs: now });
        if (parked) look(now);
        parked = false;
      });
    }
  }

  for (let n = 0; acts.length > 0; n += 1) {
    if (n > 20_000) throw new Error('It never ends');
    acts.sort((a, b) => a.at - b.at || a.order - b.order);
    const next = acts.shift() as Act;
    next.run(next.at);
  }
  return { participant, steps, other };
};

const cases = fc.record({ input: journeys, happened: happenings, rings: ringings, changed: changes });

test('comes to the same as who forgets nothing; nobody is lost, nothing is done twice', () => {
  const seen = { entered: 0, byEvent: 0, timeout: 0, goal: 0, reentered: 0, exited: 0 };
  fc.assert(
    fc.property(cases, ({ input, ...world }) => {
      const { participant, steps, other } = live(input, world);
      fc.pre(!other.isUnsure());
      expect(steps.map(({ node, kind, way }) => `${kind === 'goal' ? 'goal' : node || kind} ${way}`)).toEqual(
        other.path.map((one) => (one.startsWith(' ') ? `entry${one}` : one)),
      );
      // When every timer has rung nobody is inside.
      expect(participant?.state ?? 'over').toBe('over');
      expect(other.isInside()).toBe(false);
      expect(participant?.goals ?? {}).toEqual(other.goals());
      // Each step has a number of its own, and each message is asked for once.
      const names = steps.map(({ entry, step }) => `${entry}.${step}`);
      expect(new Set(names).size).toBe(names.length);
      const sends = (participant?.pending ?? []).filter((effect) => 'node' in effect);
      expect(sends.map(({ entry, node }) => `${entry} ${node}`)).toEqual(other.sent);
      expect(new Set(sends.map(({ entry, step }) => `${entry}.${step}`)).size).toBe(sends.length);
      seen.entered += Number(steps.length > 0);
      seen.reentered += Number((participant?.entry ?? 0) > 1);
      seen.byEvent += steps.filter(({ kind, way }) => kind === 'wait-for-event' && (way === 'a' || way === 'b')).length;
      seen.timeout += steps.filter(({ way }) => way === 'timeout').length;
      seen.goal += steps.filter(({ kind }) => kind === 'goal').length;
      seen.exited += steps.filter(({ way }) => way === 'exit-criterion' || way === 'version-ended').length;
    }),
    { seed: 20_261_129, numRuns: 1_000 },
  );
  // The worlds are such that all of it happens.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
});

test('the same world is the same path', () => {
  fc.assert(
    fc.property(cases, ({ input, ...world }) => {
      const [one, other] = [live(input, world), live(input, world)];
      expect(one.participant).toEqual(other.participant);
      expect(one.steps).toEqual(other.steps);
    }),
    { seed: 7, numRuns: 50 },
  );
});
