import { setImmediate } from 'node:timers/promises';
import { published } from '../../core/strategy/journey/live-decisions.ts';
import type { Stimulus } from '../../core/strategy/journey/participant.ts';
import type { Waiting } from '../../core/strategy/journey/waiting.ts';
import type { ParticipantKey, StoredParticipant } from '../../lambdas/adapters/participants.ts';
import { type Walk, type WalkPorts, walkParticipants } from '../../lambdas/strategy/walk-participants.ts';
import type { Part } from '../part.ts';
import { spread, spreadText } from '../statistics.ts';
import { STIMULI, STROLLER, stroll, strollBegins } from './stroll.ts';

const START_MS = Date.UTC(2026, 10, 18, 12);
const ROUNDS = 5;
/** As advance-participants takes them. */
const TOGETHER = 500;

/** Tables in memory, as text: what is stored is written and read as it would be. Nobody is told twice of anybody. */
const inMemory = () => {
  const version = stroll();
  const decision = published(undefined, version, 'finish', START_MS);
  if (decision.kind !== 'change') throw new Error(`Not published: ${decision.kind}`);
  const stored = new Map<string, string>();
  let waiting: Waiting[] = [];
  const world = { nowMs: START_MS, isOver: 0 };
  const nameOf = ({ profileId, journeyId }: ParticipantKey) => `${journeyId} ${profileId}`;
  const read = (key: ParticipantKey): StoredParticipant | undefined => {
    const text = stored.get(nameOf(key));
    return text === undefined ? undefined : JSON.parse(text);
  };
  const profile = { profileId: '', version: 1, ...STROLLER };
  const ports: WalkPorts = {
    now: () => world.nowMs,
    journeyOf: async () => decision.live,
    versionOf: async () => version,
    facts: {
      profiles: { readMany: async (ids) => new Map(ids.map((id) => [id, { ...profile, profileId: id } as never])) },
      contacts: { getMany: async () => new Map() },
      references: { getMany: async () => new Map() },
      memberships: { amongst: async () => new Map() },
      settings: async () => ({}),
      shares: async () => ({}),
    },
    takeSlots: async (_journey, _node, _perMinute, turns) => Array.from({ length: turns }, () => world.nowMs),
    participants: {
      getMany: async (keys) => keys.map(read),
      save: async (key, next) => {
        const { participant } = next;
        if (participant.state === 'over') world.isOver += 1;
        stored.set(
          nameOf(key),
          JSON.stringify({ ...next, participant: { ...participant, version: participant.version + 1 } }),
        );
        return true;
      },
      clearPending: async () => {},
    },
    holds: {
      hold: async (some) => {
        waiting.push(...some);
        return new Map();
      },
    },
    publish: async () => new Map(),
    append: async () => {},
  };
  /** All who wait, as of the time at which the last of them is due. */
  const due = (): Walk[] => {
    const all = waiting;
    waiting = [];
    world.nowMs = all.reduce((latest, { dueMs }) => Math.max(latest, dueMs), world.nowMs);
    return all.map(({ profileId, journeyId, entry, step }) =>
      walkOf(profileId, journeyId, { kind: 'due', entry, step }),
    );
  };
  return { ports, world, due };
};

const walkOf = (profileId: string, journeyId: string, stimulus: Stimulus): Walk => {
  return { key: { profileId, journeyId }, stimuli: [stimulus], isRepeat: false };
};

/** Stimuli a second of one core through all that moves participants on, with tables, queues and streams in memory. */
export const measureWalk = async (people: number): Promise<Part> => {
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const { ports, world, due } = inMemory();
    const entering = Array.from({ length: people }, (_, n) => {
      const id = `p${n}`;
      return walkOf(id, 'stroll', { kind: 'enter', event: strollBegins(id, START_MS) });
    });
    const before = process.cpuUsage();
    for (let walks = entering; walks.length > 0; walks = due()) {
      for (let at = 0; at < walks.length; at += TOGETHER) {
        const failed = await walkParticipants(ports, walks.slice(at, at + TOGETHER));
        for (const error of failed.values()) throw error;
        await setImmediate();
      }
    }
    const { user, system } = process.cpuUsage(before);
    if (world.isOver !== people) throw new Error(`Of ${people} people ${world.isOver} got through`);
    // The first round compiles the code.
    if (round > 0) rates.push((people * STIMULI) / ((user + system) / 1e6));
  }
  const found = spread(rates, 0);
  return {
    figures: { walk: { people, stimuliPerSecond: found } },
    text: `walkParticipants with tables in memory: ${spreadText(found)} participants moved on a second of one core, median (lowest … highest) of ${ROUNDS} rounds of ${people.toLocaleString('en')} people, ${STIMULI} times each, ${TOGETHER} together`,
    bars: [],
  };
};
