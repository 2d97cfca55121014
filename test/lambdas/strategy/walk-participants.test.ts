import { describe, expect, test } from 'vitest';
import { pausedLive, resumedLive, stoppedLive } from '../../../core/strategy/journey/live-decisions.ts';
import { welcome as asPooled, entering, HOUR, happened, START, WalkWorld } from './walk-world.ts';

const live = (decision: ReturnType<typeof resumedLive>) => {
  if (decision.kind === 'refuse') throw new Error(decision.detail);
  return decision.live;
};
const pause = (world: WalkWorld) => {
  world.live = live(pausedLive(world.live!, 'otto', 'why', world.nowMs));
};
const resume = (world: WalkWorld) => {
  world.live = live(resumedLive(world.live!, world.nowMs));
};

/** Signs up, orders after an hour, and the timer of the wait rings all the same. */
const story = async (world: WalkWorld) => {
  await world.deliver([entering('e1', START)]);
  world.nowMs = START + HOUR;
  await world.deliver([happened('ordered', 'e2', START + HOUR)]);
  // An execution that nobody told would wait until its old time.
  expect(world.executions.running).toEqual([]);
  world.nowMs = START + 25 * HOUR;
  await world.wake();
};

/** Both ways to hold somebody: timers, or an execution that follows them. What becomes of them is the same. */
describe.each(['pooled', 'traced'] as const)('%s:', (hold) => {
  const welcome = (change: Parameters<typeof asPooled>[0] = {}) => asPooled({ hold, ...change });
  const newWorld = () => new WalkWorld(welcome());

  describe('a participant', () => {
    test('gets a message, waits, is changed by what they waited for, and leaves', async () => {
      const world = newWorld();
      await story(world);
      expect(world.of()).toMatchObject({ state: 'over', entry: 1, end: { reason: 'exit' } });
      expect(world.published).toEqual(['ada send 1.2 hello', 'ada update 1.5 mark', 'ada send 1.6 thanks']);
      expect(world.told()).toEqual([
        ...['1.1  event', '1.2 hello next', '1.3 order waits'],
        ...['1.4 order ordered', '1.5 mark next', '1.6 thanks next', '1.7 done exit'],
      ]);
      const timers = hold === 'pooled' ? [{ entry: 1, step: 3, dueMs: START + 24 * HOUR }] : [];
      expect(world.waiting).toMatchObject(timers);
      expect(world.executions.running).toEqual([]);
    });

    test('whose process dies at any point, and once more, ends as if it had not', async () => {
      const calm = newWorld();
      await story(calm);
      const { points } = calm;
      expect(points).toBeGreaterThan(15);
      for (let at = 0; at < points; at += 1) {
        for (const second of [undefined, at + 1, at + 3]) {
          const world = newWorld();
          world.crashAt = new Set(second === undefined ? [at] : [at, second]);
          await story(world);
          const { version: _version, ...participant } = world.of();
          expect(participant, `died at ${at}`).toEqual({ ...calm.of(), version: undefined });
          expect([...new Set(world.published)].sort(), `died at ${at}`).toEqual([...calm.published].sort());
          expect(world.told().sort(), `died at ${at}`).toEqual(calm.told().sort());
          expect(world.waiting, `died at ${at}`).toEqual(expect.arrayContaining(calm.waiting));
        }
      }
    });

    test('is moved on once, however often and in whatever order it is told', async () => {
      const world = newWorld();
      const all = [entering('e1', START), happened('ordered', 'e2', START + 1_000)];
      world.nowMs = START + 2_000;
      // The order comes first: it may belong to an entry that is still on its way.
      await world.deliver([all[1]!]);
      for (const stimulus of [all[0]!, all[1]!, all[0]!, all[1]!]) await world.deliver([stimulus]);
      expect(world.published).toEqual(['ada send 1.2 hello', 'ada update 1.4 mark', 'ada send 1.5 thanks']);
      expect(world.of()).toMatchObject({ state: 'over', entry: 1 });
    });

    test('is decided on again when another worker was faster, and what that one has left is told', async () => {
      const world = newWorld();
      await world.deliver([entering('e1', START)]);
      world.nowMs = START + HOUR;
      const rival = newWorld();
      Object.assign(rival, { stored: world.stored, live: world.live, versions: world.versions, nowMs: world.nowMs });
      let rivals: Promise<unknown> | undefined;
      world.beforeSave.set(world.saves, () => {
        // Beside us the account is closed, and that worker dies before it has told anybody.
        rivals = rival.deliver([happened('closed', 'e3', START + HOUR)]);
      });
      const ports = world.ports();
      const { getMany, save } = ports.participants;
      ports.participants.save = async (key, next) => {
        world.beforeSave.get(world.saves)?.();
        world.beforeSave.clear();
        await rivals;
        return save(key, next);
      };
      ports.participants.getMany = getMany;
      const { walkParticipants } = await import('../../../lambdas/strategy/walk-participants.ts');
      const key = { profileId: 'ada', journeyId: 'j1' };
      const stimuli = [happened('ordered', 'e2', START + HOUR)];
      expect((await walkParticipants(ports, [{ key, stimuli, isRepeat: false }])).size).toBe(0);
      expect(world.of()).toMatchObject({ state: 'over', end: { reason: 'exit-criterion' } });
      expect(world.published).toEqual(['ada send 1.2 hello']);
    });

    test('finds what another worker has saved and not published, and publishes it first', async () => {
      const world = newWorld();
      // Dies after the save, before anything is published: points are two each of hold, save and append.
      world.crashAt = new Set([6]);
      const { walkParticipants } = await import('../../../lambdas/strategy/walk-participants.ts');
      const key = { profileId: 'ada', journeyId: 'j1' };
      const first = { key, stimuli: [entering('e1', START)], isRepeat: false };
      expect((await walkParticipants(world.ports(), [first])).size).toBe(1);
      expect([world.published, world.of().pending?.map(({ kind }) => kind)]).toEqual([
        [],
        hold === 'pooled' ? ['send'] : ['send', 'follow'],
      ]);

      world.nowMs = START + HOUR;
      await world.deliver([happened('ordered', 'e2', START + HOUR)]);
      expect(world.published).toEqual(['ada send 1.2 hello', 'ada update 1.5 mark', 'ada send 1.6 thanks']);
      expect(world.told()).toEqual(expect.arrayContaining(['1.2 hello next', '1.3 order waits', '1.7 done exit']));
      expect(world.of()).not.toHaveProperty('pending');
    });

    test('whose wait has ended gets what follows, wherever the process dies', async () => {
      const wait = async (world: WalkWorld) => {
        await world.deliver([entering('e1', START)]);
        world.nowMs = START + 25 * HOUR;
        await world.wake();
      };
      const calm = newWorld();
      await wait(calm);
      for (let at = 0; at < calm.points; at += 1) {
        const world = newWorld();
        world.crashAt = new Set([at]);
        await wait(world);
        expect([...new Set(world.published)], `died at ${at}`).toEqual(['ada send 1.2 hello', 'ada send 1.5 remind']);
        expect(world.of(), `died at ${at}`).toMatchObject({ state: 'over', end: { reason: 'exit' } });
      }
    });

    test('whose version cannot be read fails alone', async () => {
      const world = newWorld();
      await world.deliver([entering('e1', START)], 'bob');
      const lost = world.stored.get('j1 bob')!;
      lost.participant.hash = 'gone';
      const { walkParticipants } = await import('../../../lambdas/strategy/walk-participants.ts');
      const walks = ['ada', 'bob'].map((profileId) => {
        return { key: { profileId, journeyId: 'j1' }, stimuli: [entering('e2', START)], isRepeat: false };
      });
      const failed = await walkParticipants(world.ports(), walks);
      expect([...failed.keys()]).toEqual([walks[1]]);
      expect(world.of('ada')).toMatchObject({ state: 'inside', node: 'order' });
    });

    test('enters with the rows that their own event names, when one before it is refused', async () => {
      const { nodes } = welcome();
      const when = [{ reference: 'shops', by: 'shop', column: 'open', equals: true }];
      const open = { kind: 'branch' as const, branches: [{ name: 'open', when, next: 'hello' }], otherwise: 'done' };
      const world = new WalkWorld(welcome({ start: 'open', nodes: { ...nodes, open } }));
      const ports = world.ports();
      ports.facts.references = {
        getMany: async (_, keys) => new Map(keys.map((key) => [key, { open: key === 'oslo' }])),
      };
      const { walkParticipants } = await import('../../../lambdas/strategy/walk-participants.ts');
      const at = (shop: string, timeMs: number) => {
        const stimulus = entering(shop, timeMs);
        return stimulus.kind === 'enter'
          ? { ...stimulus, event: { ...stimulus.event, properties: { shop } } }
          : stimulus;
      };
      const key = { profileId: 'ada', journeyId: 'j1' };
      const stimuli = [at('paris', START - HOUR), at('oslo', START)];
      expect((await walkParticipants(ports, [{ key, stimuli, isRepeat: false }])).size).toBe(0);
      expect(world.of()).toMatchObject({ state: 'inside', node: 'order' });
    });

    test('of a journey that was never published there is none', async () => {
      const world = newWorld();
      world.live = undefined;
      await world.deliver([entering('e1', START)]);
      expect(world.stored.size).toBe(0);
    });
  });

  describe('while a journey is paused', () => {
    test('nobody moves; what was due or came meanwhile happens at the look that ends the pause', async () => {
      const world = newWorld();
      await world.deliver([entering('e1', START)], 'ada');
      await world.deliver([entering('e2', START)], 'bob');
      pause(world);
      world.nowMs = START + HOUR;
      await world.deliver([happened('ordered', 'e3', START + HOUR)], 'ada');
      await world.deliver([entering('e4', START + HOUR)], 'cleo');
      world.nowMs = START + 25 * HOUR;
      await world.wake();
      expect([world.of('ada').node, world.of('bob').node, world.stored.size]).toEqual(['order', 'order', 2]);
      resume(world);
      for (const who of ['ada', 'bob']) await world.deliver([{ kind: 'look' }], who);
      expect(world.published.slice(2)).toEqual([
        ...['ada update 1.5 mark', 'ada send 1.6 thanks', 'bob send 1.5 remind'],
      ]);
    });

    test('an exit counts', async () => {
      const world = newWorld();
      await world.deliver([entering('e1', START)]);
      pause(world);
      await world.deliver([happened('closed', 'e2', START + 1)]);
      expect(world.of()).toMatchObject({ state: 'over', end: { reason: 'exit-criterion' } });
    });

    test('whoever is parked by a worker that has not heard of the end of the pause goes on', async () => {
      const world = newWorld();
      await world.deliver([entering('e1', START)]);
      pause(world);
      world.nowMs = START + HOUR;
      // It ends between the read of the journey and the save; the look of its end comes before the save and finds nothing.
      world.beforeSave.set(world.saves, () => resume(world));
      await world.deliver([happened('ordered', 'e2', START + HOUR)]);
      expect(world.of()).toMatchObject({ state: 'over', end: { reason: 'exit' } });
    });

    test('a worker that still takes it for paused looks before it parks a timer', async () => {
      const world = newWorld();
      await world.deliver([entering('e1', START)]);
      pause(world);
      world.stale = world.live;
      resume(world);
      world.nowMs = START + 25 * HOUR;
      await world.wake();
      expect(world.published).toContain('ada send 1.5 remind');
    });
  });

  test('whoever is inside when the journey is stopped leaves at the look', async () => {
    const world = newWorld();
    await world.deliver([entering('e1', START)]);
    world.live = live(stoppedLive(world.live!, 'over'));
    await world.deliver([{ kind: 'look' }]);
    expect(world.of()).toMatchObject({ state: 'over', end: { reason: 'stopped' } });
  });

  test('a look is taken at what is so now, for it comes once', async () => {
    const world = newWorld();
    await world.deliver([entering('e1', START)]);
    world.stale = world.live;
    world.live = live(stoppedLive(world.live!, 'over'));
    await world.deliver([{ kind: 'look' }]);
    expect(world.of()).toMatchObject({ state: 'over', end: { reason: 'stopped' } });
  });

  test.each(['exit', 'move'] as const)(
    'a worker that still takes a version for the current one, for which others %s, leaves alone who is on the next',
    async (inside) => {
      const world = newWorld();
      world.publish(welcome({ name: 'Second' }), inside);
      world.stale = world.live;
      world.publish(welcome({ name: 'Third' }), 'finish');
      const [old, current] = [world.stale, world.live];
      world.stale = current;
      await world.deliver([entering('e1', START)]);
      world.stale = old;
      await world.deliver([happened('ordered', 'e2', START + 1)]);
      expect(world.of()).toMatchObject({ hash: current!.current, end: { reason: 'exit' } });
    },
  );

  test.each([
    ['finish', ['ada send 1.5 remind'], 'exit'],
    ['move', ['ada send 1.6 other'], 'exit'],
    ['exit', [], 'version-ended'],
  ] as const)('a version that was published meanwhile: those inside %s', async (inside, messages, reason) => {
    const world = newWorld();
    await world.deliver([entering('e1', START)]);
    const { nodes } = welcome();
    const order = { ...nodes.order!, onTimeout: 'remind' } as (typeof nodes)[string];
    const { thanks } = nodes;
    world.publish(
      welcome({ nodes: { ...nodes, order, remind: { kind: 'jump', to: 'other' }, other: thanks! } }),
      inside,
    );
    if (inside === 'exit') await world.deliver([{ kind: 'look' }]);
    world.nowMs = START + 25 * HOUR;
    await world.wake();
    expect(world.of().end).toMatchObject({ reason });
    expect(world.published.slice(1)).toEqual(messages);
  });

  test('a throttle lets people pass at its rate, each by a turn of their own', async () => {
    const { nodes } = welcome();
    const world = new WalkWorld(
      welcome({ start: 'slow', nodes: { ...nodes, slow: { kind: 'throttle', perMinute: 1, next: 'hello' } } }),
    );
    for (const who of ['ada', 'bob', 'cleo']) await world.deliver([entering(who, START)], who);
    const dueMs = (who: string) => (world.of(who).hold?.dueMs ?? 0) - START;
    expect(['ada', 'bob', 'cleo'].map((who) => [who, dueMs(who)])).toEqual([
      ['ada', 60_000],
      ['bob', 120_000],
      ['cleo', 180_000],
    ]);
    world.nowMs = START + 125_000;
    await world.wake();
    expect(world.published.map((one) => one.split(' ')[0])).toEqual(['ada', 'bob']);
  });
});
