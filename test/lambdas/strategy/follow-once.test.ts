import { describe, expect, test } from 'vitest';
import { pausedLive, resumedLive } from '../../../core/strategy/journey/live-decisions.ts';
import { entering, HOUR, START, WalkWorld, welcome } from './walk-world.ts';

const DAY = 24 * HOUR;
const rounds = (count: number) =>
  welcome({
    hold: 'traced',
    start: 'wait-1',
    nodes: {
      ...Object.fromEntries(
        Array.from({ length: count }, (_, n) => [
          `wait-${n + 1}`,
          { kind: 'wait' as const, for: { hours: 1 }, next: n + 1 < count ? `wait-${n + 2}` : 'bye' },
        ]),
      ),
      bye: { kind: 'message', templateId: 't1', channelPolicy: ['sms'], next: 'done' },
      done: { kind: 'exit' },
    },
  });

/** As if each of an execution's waits were 400: the second look but one is its last. */
const aged = (world: WalkWorld) => {
  for (const one of world.executions.running) one.waits = Math.ceil(one.waits / 400) * 400;
};
const walkOn = async (world: WalkWorld, hours: number) => {
  await world.deliver([entering('e1', START)]);
  for (let hour = 1; hour <= hours; hour += 1) {
    aged(world);
    world.nowMs = START + hour * HOUR;
    await world.wake();
  }
};
const names = ({ executions: { named } }: WalkWorld) => [...named.keys()];

describe('an execution that has followed somebody for long', () => {
  test('has another one take its place, and nothing happens twice', async () => {
    const world = new WalkWorld(rounds(8));
    await walkOn(world, 8);
    expect(names(world).length).toBeGreaterThan(2);
    expect(world.published).toEqual(['ada send 1.18 bye']);
    expect(world.of()).toMatchObject({ state: 'over', end: { reason: 'exit' } });
    expect(world.told().filter((one) => one.endsWith('waits'))).toHaveLength(8);
    expect(world.executions.running).toEqual([]);
  });

  test('and dies at any point of it, is as if it had not', async () => {
    const calm = new WalkWorld(rounds(5));
    await walkOn(calm, 5);
    expect(names(calm).length).toBeGreaterThan(1);
    for (let at = 0; at < calm.points; at += 1) {
      for (const second of [undefined, at + 1]) {
        const world = new WalkWorld(rounds(5));
        world.crashAt = new Set(second === undefined ? [at] : [at, second]);
        await walkOn(world, 5);
        expect(world.of(), `died at ${at}`).toMatchObject({ state: 'over', end: { reason: 'exit' } });
        expect([...new Set(world.published)], `died at ${at}`).toEqual(calm.published);
        expect(world.told().sort(), `died at ${at}`).toEqual(calm.told().sort());
        expect([names(world), world.executions.running], `died at ${at}`).toEqual([names(calm), []]);
      }
    }
  });

  test('is one that looks at least once a month, through a wait of a year', async () => {
    const world = new WalkWorld(
      welcome({
        hold: 'traced',
        start: 'year',
        nodes: { year: { kind: 'wait', for: { days: 365 }, next: 'done' }, done: { kind: 'exit' } },
      }),
    );
    await world.deliver([entering('e1', START)]);
    for (let day = 1; day <= 365; day += 1) {
      world.nowMs = START + day * DAY;
      const oldest = Math.min(...world.executions.running.map(({ startedMs }) => startedMs));
      expect(world.nowMs - oldest).toBeLessThanOrEqual(60 * DAY);
      await world.wake();
    }
    expect(world.of()).toMatchObject({ state: 'over', end: { reason: 'exit' } });
    expect(names(world).length).toBeGreaterThan(5);
    expect(world.executions.running).toEqual([]);
  });

  test('is followed by another one in a pause, too, in which nobody moves', async () => {
    const world = new WalkWorld(rounds(1));
    await world.deliver([entering('e1', START)]);
    const paused = pausedLive(world.live!, 'otto', 'why', START);
    if (paused.kind === 'change') world.live = paused.live;
    for (let day = 1; day <= 100; day += 1) {
      world.nowMs = START + day * DAY;
      await world.wake();
    }
    expect([world.of().node, world.executions.running.length]).toEqual(['wait-1', 1]);
    expect(names(world).length).toBeGreaterThan(3);
    const resumed = resumedLive(world.live!, world.nowMs);
    if (resumed.kind === 'change') world.live = resumed.live;
    await world.deliver([{ kind: 'look' }]);
    expect(world.of()).toMatchObject({ state: 'over', end: { reason: 'exit' } });
    expect(world.executions.running).toEqual([]);
  });
});

test('an execution that is not the one that follows them leaves them alone', async () => {
  const world = new WalkWorld(rounds(2));
  await world.deliver([entering('e1', START)]);
  const { follower } = world.of();
  world.executions.follow('ada', 1, (follower ?? 0) + 7);
  await world.executions.run();
  expect(world.executions.running).toMatchObject([{ follower }]);
  world.nowMs = START + HOUR;
  await world.wake();
  expect(world.of()).toMatchObject({ node: 'wait-2' });
});
