import { expect, test } from 'vitest';
import type { DirectMessage } from '../../../core/delivery/messages.ts';
import type { Effect, Participant } from '../../../core/strategy/journey/participant.ts';
import type { PlanVersion } from '../../../core/strategy/plan-version.ts';
import { type EffectPorts, publishEffects } from '../../../lambdas/strategy/publish-effects.ts';
import type { Effects } from '../../../lambdas/strategy/walk-participants.ts';
import { compiled, START, welcome } from './walk-world.ts';

const version = compiled(welcome());
const { event: _none, ...nobody }: Partial<Participant> = {};
const participant = {
  ...nobody,
  ...{ version: 1, entry: 1, hash: version.hash, state: 'inside', steps: [], pending: [] },
  event: { id: 'e1', type: 'signed-up', source: 'shop', timeMs: START, receivedMs: START, properties: {} },
} as unknown as Participant;
const effect = (kind: 'send' | 'update', node: string, step: number, hash = version.hash): Effect => {
  return { kind, entry: 1, step, node, hash, atMs: START };
};
const of = (profileId: string, ...effects: Effect[]): Effects => {
  return { key: { profileId, journeyId: 'j1' }, stored: { participant, told: [] }, effects };
};

/** Everything works but what `change` breaks; what was done is told in its order. */
const world = (change: Partial<EffectPorts> = {}) => {
  const done: string[] = [];
  const ports: EffectPorts = {
    versionOf: async (_, hash) => {
      if (hash !== version.hash) throw new Error(`No version ${hash}`);
      return version;
    },
    planOf: async () => ({ channelPolicy: ['sms'], lane: 'promotional' }) as unknown as PlanVersion,
    change: async (profileId) => void done.push(`${profileId} changed`),
    enqueue: async (channel, lane, messages) => {
      for (const { profileId } of messages) done.push(`${profileId} ${channel} ${lane}`);
      return new Map();
    },
    follow: async ({ profileId }, _entry, follower) => void done.push(`${profileId} followed by ${follower}`),
    wake: async (token) => void done.push(`${token} answered`),
    ...change,
  };
  const publish = async (...all: Effects[]) => {
    const failed = await publishEffects(ports, all);
    return [...failed].map(
      ([{ key }, error]) => `${key.profileId}: ${(error as Error).name} ${(error as Error).message}`,
    );
  };
  return { publish, done };
};

test('the profile first, then the message, then whoever follows', async () => {
  const { publish, done } = world();
  const effects = [effect('send', 'thanks', 3), effect('update', 'mark', 2), { kind: 'wake' as const, token: 't' }];
  expect(await publish(of('ada', ...effects))).toEqual([]);
  expect(done).toEqual(['ada changed', 'ada sms promotional', 't answered']);
});

test('a message that cannot be made keeps nobody else waiting, and the error names its node and no person', async () => {
  const { publish, done } = world();
  const faults = await publish(
    of('ada', effect('send', 'hello', 2)),
    of('bob', effect('send', 'hello', 2, 'gone'), { kind: 'follow', entry: 1, follower: 5 }),
    of('cleo', effect('send', 'hello', 2)),
  );
  expect(faults).toEqual(['bob: Error Journey j1, send of node hello: No version gone']);
  expect(done).toEqual(['ada sms promotional', 'cleo sms promotional']);
});

test('whose profile cannot be changed gets no message that may speak of it', async () => {
  const { publish, done } = world({
    change: async (profileId) => {
      if (profileId === 'bob') throw Object.assign(new Error('Too slow'), { name: 'ThrottlingException' });
    },
  });
  const both = [effect('update', 'mark', 2), effect('send', 'thanks', 3)];
  expect(await publish(of('ada', ...both), of('bob', ...both))).toEqual([
    'bob: ThrottlingException Journey j1, update of node mark: Too slow',
  ]);
  expect(done).toEqual(['ada sms promotional']);
});

test('a queue that takes only some: the others are asked for again', async () => {
  const { publish } = world({
    enqueue: async (_channel, _lane, messages) =>
      new Map<DirectMessage, unknown>(messages.filter((_, n) => n % 2 === 1).map((one) => [one, new Error('SQS: no')])),
  });
  const people = ['ada', 'bob', 'cleo', 'dot'].map((who) => of(who, effect('send', 'hello', 2)));
  expect(await publish(...people)).toEqual(
    ['bob', 'dot'].map((who) => `${who}: Error Journey j1, send of node hello: SQS: no`),
  );
});

test('an execution that cannot be started is one person’s trouble', async () => {
  const { publish, done } = world({
    follow: async ({ profileId }) => {
      if (profileId === 'ada') throw new Error('Denied');
      done.push(profileId);
    },
  });
  const follow = { kind: 'follow' as const, entry: 1, follower: 0 };
  expect(await publish(of('ada', follow), of('bob', follow))).toEqual(['ada: Error Journey j1, follow: Denied']);
  expect(done).toEqual(['bob']);
});
