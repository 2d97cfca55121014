import { describe, expect, test } from 'vitest';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { DAY, exit, HOUR, journeyOf, MINUTE, message, SECOND, T0, traveller } from './traveller.ts';

const waitFor = (eventType: string, next: string, onTimeout: string, hours = 1): JourneyNode => ({
  kind: 'wait-for-event',
  events: [{ event: { eventType }, next }],
  within: { hours },
  onTimeout,
});
const reminder = journeyOf({ w: waitFor('paid', 'e', 'm'), m: message('e'), e: exit });

describe('an event and its timeout at the same instant', () => {
  test('the event is handled first', () => {
    const it = traveller(reminder);
    it.enter(T0);
    it.event('paid', T0 + HOUR);
    const step = it.world.participant?.steps.find(({ way }) => way === 'waits')?.step ?? 0;
    it.give({ kind: 'due', entry: 1, step }, T0 + HOUR);
    expect(it.path().slice(2)).toEqual(['w paid', 'e exit']);
  });
  test('the timer is handled first', () => {
    const it = traveller(reminder);
    it.enter(T0);
    it.due(T0 + HOUR);
    it.event('paid', T0 + HOUR);
    expect(it.path().slice(2)).toEqual(['w timeout', 'm next', 'e exit']);
  });
  test('the timer is late, and the event in time', () => {
    const it = traveller(reminder);
    it.enter(T0);
    it.event('paid', T0 + HOUR, { now: T0 + HOUR + 2 * MINUTE });
    expect(it.path().at(-1)).toBe('e exit');
    expect(it.path()).not.toContain('m next');
  });
  test('an event after the time does not count, however late the timer is', () => {
    const it = traveller(reminder);
    it.enter(T0);
    it.event('paid', T0 + HOUR + 1);
    expect(it.path().at(-1)).toBe('w waits');
  });
});

describe('what comes before it is waited for', () => {
  test('before its entry was handled', () => {
    const it = traveller(reminder);
    it.event('paid', T0 + 2 * SECOND);
    expect(it.world.participant).toMatchObject({ entry: 0, state: 'over' });
    it.enter(T0, { now: T0 + 5 * SECOND });
    expect(it.path()).toEqual(['entry event', 'w paid', 'e exit']);
  });
  test('but not before the entry itself', () => {
    const it = traveller(reminder);
    it.event('paid', T0 - SECOND);
    it.enter(T0);
    expect(it.path()).toEqual(['entry event', 'w waits']);
  });
  test('an order of somebody who is in no journey, and no wait for it begins at once: nothing is written', () => {
    const it = traveller(
      journeyOf({ a: { kind: 'wait', for: { days: 1 }, next: 'w' }, w: waitFor('paid', 'e', 'e'), e: exit }),
    );
    expect(it.event('paid', T0)).toEqual({ steps: [] });
    it.enter(T0);
    const before = it.world.participant;
    expect(it.event('paid', T0 + HOUR).participant).toBe(before);
  });
  test('while the timer before it is late', () => {
    const it = traveller(
      journeyOf({
        a: { kind: 'wait', for: { hours: 1 }, next: 'w' },
        w: waitFor('paid', 'e', 'm'),
        m: message('e'),
        e: exit,
      }),
    );
    it.enter(T0);
    it.event('paid', T0 + HOUR + SECOND);
    it.due(T0 + HOUR + MINUTE);
    expect(it.path().slice(2)).toEqual(['a next', 'w paid', 'e exit']);
  });
  test('one event is not taken twice', () => {
    const it = traveller(
      journeyOf({ w: waitFor('paid', 'v', 'e'), v: waitFor('paid', 'm', 'e'), m: message('e'), e: exit }),
    );
    it.enter(T0);
    it.event('paid', T0 + MINUTE);
    it.event('paid', T0 + MINUTE);
    expect(it.path().at(-1)).toBe('v waits');
    it.event('paid', T0 + 2 * MINUTE);
    expect(it.path().at(-1)).toBe('e exit');
  });
});

describe('exits and goals', () => {
  const input = journeyOf(
    { a: { kind: 'wait', for: { days: 10 }, next: 'm' }, m: message('e'), e: exit },
    {
      exits: [{ event: { eventType: 'gone' } }],
      goals: [
        { name: 'first', event: { eventType: 'order' }, within: { days: 30 } },
        { name: 'big', event: { eventType: 'big' }, exits: true },
      ],
      reentry: { after: { days: 20 } },
    },
  );
  test('an exit cuts a wait short; its timer is nobody’s', () => {
    const it = traveller(input);
    it.enter(T0);
    it.event('gone', T0 + DAY);
    expect(it.end).toEqual({ reason: 'exit-criterion', detail: 'gone', atMs: T0 + DAY });
    expect(it.give({ kind: 'due', entry: 1, step: 2 }, T0 + 10 * DAY).steps).toEqual([]);
  });
  test('one that came before the entry was handled ends it before anything is sent', () => {
    const it = traveller(input);
    it.event('gone', T0 + SECOND);
    it.enter(T0, { now: T0 + MINUTE });
    expect(it.path()).toEqual(['entry event', 'entry exit-criterion']);
  });
  test('a goal ends the journey, or counts after its end', () => {
    const it = traveller(input);
    it.enter(T0);
    it.event('big', T0 + DAY);
    expect(it.end).toMatchObject({ reason: 'goal', detail: 'big' });
    it.event('order', T0 + 5 * DAY);
    it.event('order', T0 + 6 * DAY);
    it.event('order', T0 + 31 * DAY);
    expect(it.world.participant?.goals).toEqual({ big: T0 + DAY, first: T0 + 5 * DAY });
  });
});

describe('a pause', () => {
  const pause = (it: ReturnType<typeof traveller>) => {
    it.world.moment = { ...it.world.moment, state: 'paused' };
  };
  const resume = (it: ReturnType<typeof traveller>, at: number) => {
    it.world.moment = { ...it.world.moment, state: 'live', sinceMs: at };
    it.look(at);
  };
  test('nobody moves; what came in time is found afterwards, and what was due is done', () => {
    const [paid, silent] = [traveller(reminder), traveller(reminder)];
    for (const it of [paid, silent]) {
      it.enter(T0);
      pause(it);
    }
    expect(paid.event('paid', T0 + MINUTE).park).toBe(true);
    for (const it of [paid, silent]) {
      expect(it.due(T0 + HOUR).park).toBe(true);
      expect(it.path()).toEqual(['entry event', 'w waits']);
      resume(it, T0 + DAY);
    }
    expect(paid.path().slice(2)).toEqual(['w paid', 'e exit']);
    expect(silent.path().slice(2)).toEqual(['w timeout', 'm next', 'e exit']);
  });
  test('nobody enters, and who would have does not afterwards', () => {
    const it = traveller(reminder);
    pause(it);
    expect(it.enter(T0).refused).toBe('paused');
    resume(it, T0 + MINUTE);
    expect(it.enter(T0, { now: T0 + 2 * MINUTE }).refused).toBe('before-live');
    expect(it.world.participant).toBeUndefined();
  });
});

describe('an edit while somebody is inside', () => {
  const edited = journeyOf({ w: waitFor('paid', 'e', 'n'), n: message('e'), e: exit });
  test.each([
    ['finish', reminder, ['w timeout', 'm next', 'e exit']],
    ['move', edited, ['w timeout', 'w node-gone']],
    ['move', journeyOf({ m: { kind: 'jump', to: 'e' }, e: exit }), ['w timeout', 'm next', 'e exit']],
    ['exit', edited, ['w version-ended']],
  ] as const)('%s', (inside, next, expected) => {
    const it = traveller(reminder);
    it.enter(T0);
    it.edit(next, inside);
    it.due();
    expect(it.path().slice(2)).toEqual(expected);
  });
  test('stopped: whoever is inside leaves, and nobody enters', () => {
    const it = traveller(reminder);
    it.enter(T0);
    it.world.moment = { ...it.world.moment, state: 'stopped' };
    it.look(T0 + MINUTE);
    expect(it.end?.reason).toBe('stopped');
    expect(it.enter(T0 + 2 * MINUTE).refused).toBe('stopped');
  });
});

describe('who enters', () => {
  test.each([
    ['once', {}, [T0, T0 + 10 * DAY], [undefined, 'once-only']],
    [
      'again after a while',
      { reentry: { after: { days: 2 } } },
      [T0, T0 + DAY, T0 + 2 * DAY],
      [undefined, 'too-soon', undefined],
    ],
    ['so often', { reentry: { atMost: 2 } }, [T0, T0 + DAY, T0 + 2 * DAY], [undefined, undefined, 'often-enough']],
  ])('%s', (_, rest, times, expected) => {
    const it = traveller(journeyOf({ m: message('e'), e: exit }, rest));
    expect(times.map((at) => it.enter(at).refused)).toEqual(expected);
  });
  test('not whose event is late, and not while inside', () => {
    const it = traveller({ ...reminder, reentry: { atMost: 9 } });
    expect(it.enter(T0, { now: T0 + HOUR + 1 }).refused).toBe('too-late');
    it.enter(T0);
    expect(it.enter(T0 + MINUTE).refused).toBe('inside');
  });
  test('the holdout of all plans, and of this one, before any rule; once told, no more', () => {
    const facts = { globalHoldout: { percent: 100, salt: 'all' } };
    const it = traveller({ ...reminder, reentry: { atMost: 9 } }, { facts });
    it.enter(T0);
    expect(it.world.steps).toMatchObject([{ entry: 0, step: 1, way: 'held-out' }]);
    expect(it.enter(T0 + DAY).refused).toBe('held-out');
    it.world.facts = {};
    it.enter(T0 + 2 * DAY);
    expect(it.world.participant).toMatchObject({ entry: 1, state: 'inside' });
  });
  test('only what is named is kept of the entry event', () => {
    const it = traveller(reminder);
    it.world.moment = { ...it.world.moment, current: { ...it.world.moment.current, properties: ['total'] } };
    it.enter(T0, { properties: { total: 5, secret: 'x' } });
    expect(it.world.participant?.event?.properties).toEqual({ total: 5 });
  });
});
