import { describe, expect, test } from 'vitest';
import type { ParticipantsMessage } from '../../../core/strategy/journey/participants-message.ts';
import { type SpreadPorts, spreadStimuli } from '../../../lambdas/strategy/spread-stimuli.ts';

type Spread = Extract<ParticipantsMessage, { cursor?: string }>;
const PEOPLE = Array.from({ length: 4_500 }, (_, n) => `p${String(n).padStart(4, '0')}`);
const page = (limit: number, cursor?: string) => {
  const from = cursor === undefined ? 0 : PEOPLE.indexOf(cursor) + 1;
  const ids = PEOPLE.slice(from, from + limit);
  return { ids, ...(from + limit < PEOPLE.length && { cursor: ids.at(-1)! }) };
};

/** A queue that gives a message back until it is done; `dies`: at which of the sends, before it (false) or after. */
const spread = async (first: Spread, dies: ReadonlyMap<number, 'before' | 'after'> = new Map()) => {
  const told = new Map<string, number>();
  const stimuli = new Set<string>();
  const queue: Spread[] = [first];
  let sends = 0;
  const ports: SpreadPorts = {
    participants: {
      inside: async (_, limit, cursor) => {
        const { ids, ...more } = page(limit, cursor);
        return { profileIds: ids, ...more };
      },
    },
    memberships: {
      members: async (_, limit, cursor) => {
        const { ids, ...more } = page(limit, cursor);
        return { items: ids.map((profileId) => ({ profileId })), ...more } as never;
      },
    },
    send: async (messages, group) => {
      const death = dies.get(sends);
      sends += 1;
      expect(group).toBe('j1');
      if (death === 'before') throw new Error('died');
      for (const message of messages) {
        if (message.kind !== 'stimuli') queue.push(message as Spread);
        else {
          for (const { profileId, stimuli: own } of message.people) {
            told.set(profileId, (told.get(profileId) ?? 0) + 1);
            stimuli.add(JSON.stringify(own));
          }
        }
      }
      if (death === 'after') throw new Error('died');
    },
  };
  let received = 0;
  while (queue.length > 0) {
    received += 1;
    if (received > 50) throw new Error('It never ends');
    const [message] = queue.splice(0, 1);
    try {
      await spreadStimuli(ports, message!);
    } catch {
      queue.push(message!);
    }
  }
  return { told, stimuli: [...stimuli].map((one) => JSON.parse(one) as unknown), sends, received };
};

const EVERYBODY: Spread = { kind: 'everybody', journeyId: 'j1' };
const MEMBERS: Spread = { kind: 'enter-members', journeyId: 'j1', segmentId: 's1', asOfMs: 5 };

describe.each([
  ['everybody inside', EVERYBODY],
  ['the members of a segment', MEMBERS],
] as const)('%s', (_, message) => {
  test('is told once, page by page', async () => {
    const { told, sends, received } = await spread(message);
    expect([told.size, Math.max(...told.values()), sends, received]).toEqual([4_500, 1, 5, 3]);
  });

  test('is told although it dies at any send, before it or after it, and at the next one again', async () => {
    const { sends } = await spread(message);
    for (let at = 0; at < sends; at += 1) {
      for (const when of ['before', 'after'] as const) {
        for (const second of [at, at + 1]) {
          const found = await spread(
            message,
            new Map([
              [at, when],
              [second, when],
            ]),
          );
          expect(found.told.size, `${when} ${at} and ${second}`).toBe(4_500);
          // The same words, whoever says them again.
          expect(found.stimuli).toHaveLength(1);
        }
      }
    }
  });
});

test('members enter by an event that is the same each time it is told, and looks ask for nothing', async () => {
  expect((await spread(EVERYBODY)).stimuli).toEqual([[{ kind: 'look' }]]);
  expect((await spread(MEMBERS)).stimuli).toMatchObject([[{ kind: 'enter', event: { id: 'member-j1-5', timeMs: 5 } }]]);
});

test('who has become a member since is not told: they have entered the segment, and that is heard of', async () => {
  const sent: ParticipantsMessage[] = [];
  const items = [4, 5, 6].map((sinceMs) => ({ profileId: `p${sinceMs}`, sinceMs }));
  const ports = { participants: {}, memberships: { members: async () => ({ items }) } } as never;
  await spreadStimuli({ ...(ports as SpreadPorts), send: async (messages) => void sent.push(...messages) }, MEMBERS);
  expect(sent.flatMap((one) => ('people' in one ? one.people.map(({ profileId }) => profileId) : []))).toEqual([
    'p4',
    'p5',
  ]);
});

test('of a journey that nobody is in nobody is told', async () => {
  const ports = { participants: { inside: async () => ({ profileIds: [] }) }, memberships: {} } as never;
  const sent: unknown[] = [];
  await spreadStimuli({ ...(ports as SpreadPorts), send: async (messages) => void sent.push(...messages) }, EVERYBODY);
  expect(sent).toEqual([]);
});
