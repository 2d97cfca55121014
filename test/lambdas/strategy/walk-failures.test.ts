import { describe, expect, test } from 'vitest';
import { nobodyYet } from '../../../core/strategy/journey/enter.ts';
import { pausedLive, resumedLive } from '../../../core/strategy/journey/live-decisions.ts';
import type { Participant, Stimulus } from '../../../core/strategy/journey/participant.ts';
import { type Walk, walkParticipants } from '../../../lambdas/strategy/walk-participants.ts';
import { entering, HOUR, START, WalkWorld, welcome } from './walk-world.ts';

const MINUTE = 60_000;
const walkOf = (profileId: string, stimulus: Stimulus = entering(profileId, START)): Walk => {
  return { key: { profileId, journeyId: 'j1' }, stimuli: [stimulus], isRepeat: false };
};
const failedOf = async (world: WalkWorld, walks: readonly Walk[]) =>
  [...(await walkParticipants(world.ports(), walks)).keys()].map(({ key }) => key.profileId);

const throttled = () => {
  const { nodes } = welcome();
  return welcome({ start: 'slow', nodes: { ...nodes, slow: { kind: 'throttle', perMinute: 1, next: 'hello' } } });
};
const PEOPLE = ['ada', 'bob', 'cleo', 'dot'];
const turnOf = (world: WalkWorld, who: string) => ((world.of(who).hold?.dueMs ?? 0) - START) / MINUTE;

/** Somebody who is known, and has never entered. */
const outside = (hash: string): Participant => ({ ...nobodyYet(hash), version: 1 });

describe('turns at a throttle', () => {
  test('of people who come together are taken together, in their order', async () => {
    const world = new WalkWorld(throttled());
    expect(
      await failedOf(
        world,
        PEOPLE.map((who) => walkOf(who)),
      ),
    ).toEqual([]);
    expect(world.taken).toEqual([4]);
    expect(PEOPLE.map((who) => turnOf(world, who))).toEqual([1, 2, 3, 4]);
  });

  test('are taken again by those alone who could not be held', async () => {
    const world = new WalkWorld(throttled());
    world.unheld = new Set(['bob']);
    const walks = PEOPLE.map((who) => walkOf(who));
    expect(await failedOf(world, walks)).toEqual(['bob']);
    expect(['ada', 'cleo', 'dot'].map((who) => turnOf(world, who))).toEqual([1, 3, 4]);
    expect(world.stored.has('j1 bob')).toBe(false);
    world.unheld.clear();
    // The queue gives the whole message back.
    expect(await failedOf(world, walks)).toEqual([]);
    expect(world.taken).toEqual([4, 1]);
    expect(PEOPLE.map((who) => turnOf(world, who))).toEqual([1, 5, 3, 4]);
  });

  test('are kept by those who are decided on again because another worker was faster', async () => {
    const world = new WalkWorld(throttled());
    world.beforeSave.set(0, () => {
      world.stored.set('j1 ada', { participant: outside(world.live!.current), told: [] });
    });
    expect(await failedOf(world, [walkOf('ada')])).toEqual([]);
    expect([world.taken, turnOf(world, 'ada')]).toEqual([[1], 1]);
  });

  test('that came in a pause are spread by the rate when it ends', async () => {
    const world = new WalkWorld(throttled());
    await failedOf(
      world,
      PEOPLE.map((who) => walkOf(who)),
    );
    const paused = pausedLive(world.live!, 'otto', 'why', START + 1);
    if (paused.kind === 'change') world.live = paused.live;
    world.nowMs = START + HOUR;
    await world.wake();
    expect(world.published).toEqual([]);
    const resumed = resumedLive(world.live!, world.nowMs);
    if (resumed.kind === 'change') world.live = resumed.live;
    expect(
      await failedOf(
        world,
        PEOPLE.map((who) => walkOf(who, { kind: 'look' })),
      ),
    ).toEqual([]);
    expect(world.taken).toEqual([4, 4]);
    const passed: number[] = [];
    for (let minute = 0; minute < 6; minute += 1) {
      world.nowMs = START + HOUR + minute * MINUTE;
      await world.wake();
      passed.push(world.published.length);
    }
    expect(passed).toEqual([1, 2, 3, 4, 4, 4]);
    // Their old timers, and one look more, change nothing.
    await failedOf(
      world,
      PEOPLE.map((who) => walkOf(who, { kind: 'look' })),
    );
    expect([world.published.length, world.taken]).toEqual([4, [4, 4]]);
  });
});

describe('effects of one that cannot be published', () => {
  test('stay with them, and are reported; the others get theirs', async () => {
    const world = new WalkWorld();
    world.unpublishable = new Set(['bob']);
    const walks = PEOPLE.map((who) => walkOf(who));
    expect(await failedOf(world, walks)).toEqual(['bob']);
    expect(world.published).toEqual(['ada send 1.2 hello', 'cleo send 1.2 hello', 'dot send 1.2 hello']);
    expect(PEOPLE.map((who) => world.of(who).pending?.length ?? 0)).toEqual([0, 1, 0, 0]);
    // Given back again and again they fail alone, and nobody else's are asked for twice.
    expect(await failedOf(world, walks)).toEqual(['bob']);
    expect(world.published).toHaveLength(3);
  });

  test('keep what comes later in its place, and are published once what is wrong is mended', async () => {
    const world = new WalkWorld();
    world.unpublishable = new Set(['bob']);
    await failedOf(world, [walkOf('bob')]);
    const waited = world.of('bob');
    world.nowMs = START + 25 * HOUR;
    const due = walkOf('bob', { kind: 'due', entry: 1, step: waited.hold?.step ?? 0 });
    expect(await failedOf(world, [due, walkOf('ada', entering('ada', world.nowMs))])).toEqual(['bob']);
    expect(world.of('bob')).toEqual(waited);
    expect(world.of('ada')).toMatchObject({ state: 'inside' });
    // The operator moves the dead letters back into the queue.
    world.unpublishable.clear();
    expect(await failedOf(world, [due])).toEqual([]);
    expect(world.published.filter((one) => one.startsWith('bob'))).toEqual([
      'bob send 1.2 hello',
      'bob send 1.5 remind',
    ]);
    expect(world.of('bob')).toMatchObject({ state: 'over', end: { reason: 'exit' } });
  });
});
