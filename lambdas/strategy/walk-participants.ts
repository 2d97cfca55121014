import type { Effect, Step, Stimulus } from '../../core/strategy/journey/participant.ts';
import type { Waiting } from '../../core/strategy/journey/waiting.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import type { Holds } from '../adapters/participant-timers.ts';
import type { ParticipantKey, Participants, StoredParticipant } from '../adapters/participants.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import type { Slots } from './take-slots.ts';
import { type Asking, type Turn, type TurnPorts, takeTurns } from './take-turns.ts';

/** Everything outside that moving participants on touches; tests put memory and crashes here. */
export type WalkPorts = TurnPorts & {
  participants: Pick<Participants, 'getMany' | 'save' | 'clearPending'>;
  holds: Holds;
  /** Asks for messages and changes profiles. Gives those of whom something failed, and why. Twice is harmless. */
  publish(all: readonly Effects[]): Promise<ReadonlyMap<Effects, unknown>>;
  /** Tells the lake. */
  append(all: readonly { key: ParticipantKey; steps: readonly Step[] }[]): Promise<void>;
};

/** What a participant, as it is stored, has to publish. */
export type Effects = { key: ParticipantKey; stored: StoredParticipant; effects: readonly Effect[] };

/** What has happened to somebody in a journey, in order. `isRepeat`: an earlier attempt may have died at any point. */
export type Walk = { key: ParticipantKey; stimuli: readonly Stimulus[]; isRepeat: boolean };

const PARALLEL = 32;
/** Workers seldom change the same participant at once; many conflicts in a row mean that something is wrong. */
const MAX_CONFLICTS = 10;

type Walking = { walk: Walk; stimuli: readonly Stimulus[]; conflicts: number; slots?: Slots };
type Moved = { walking: Walking; stored: StoredParticipant | undefined; turn: Turn };

/**
 * Moves participants on by what has happened to them. Gives those of whom something failed, and what; the others are done.
 *
 * Why twice is safe: a participant knows the events it has taken and the step it is at, timers and messages have keys of the
 * step that asked for them, and rows of steps count once. A crash at any point is made good by the repeat: the timer stands before
 * the participant that waits for it; what a save has to publish stands in the item until it is, and what it has to tell the lake
 * until the next save, which tells it again.
 */
export const walkParticipants = async (ports: WalkPorts, walks: readonly Walk[]): Promise<Map<Walk, unknown>> => {
  const failed = new Map<Walk, unknown>();
  /** Of what all of them need nobody has it when it fails; what is of one keeps nobody else waiting. */
  const together = async <T>(some: readonly { walking: Walking }[], act: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await act();
    } catch (error) {
      for (const { walking } of some) failed.set(walking.walk, error);
      return undefined;
    }
  };
  let left = walks.map((walk): Walking => ({ walk, stimuli: walk.stimuli, conflicts: 0 }));
  while (left.length > 0) {
    const asking = left.map((walking) => ({ walking }));
    const moved = (await together(asking, () => decide(ports, left, failed))) ?? [];
    const waits = moved.flatMap(waitOf);
    const unheld = await together(waits, () => ports.holds.hold(waits.map(({ waiting }) => waiting)));
    for (const { walking, waiting } of waits) {
      if (unheld?.has(waiting)) failed.set(walking.walk, unheld.get(waiting));
    }
    const saved: Moved[] = [];
    const next: Walking[] = [];
    await inParallel(PARALLEL, moved, async (one) => {
      const { walking, stored, turn } = one;
      if (failed.has(walking.walk)) return;
      await together([one], async () => {
        if (turn.error !== undefined) throw turn.error;
        if (isChange(turn, stored)) {
          if (!(await save(ports, one))) return void next.push(conflicting(one));
          saved.push(one);
        }
        const rest = walking.stimuli.slice(turn.taken);
        const stimuli = turn.advanced?.park && (await hasResumed(ports, walking)) ? [LOOK, ...rest] : rest;
        if (stimuli.length > 0) next.push({ walk: walking.walk, stimuli, conflicts: 0 });
      });
    });
    await together(moved, () => ports.append(moved.flatMap((one) => toldOf(one, saved.includes(one)))));
    const effects = new Map(saved.map((one) => [publishedOf(one), one]));
    const faults = await together(saved, () => publishAll(ports, [...effects.keys()]));
    for (const [own, error] of faults ?? []) failed.set(effects.get(own)!.walking.walk, error);
    left = next.filter(({ walk }) => !failed.has(walk));
  }
  return failed;
};

const LOOK: Stimulus = { kind: 'look' };

const isChange = ({ advanced }: Turn, stored: StoredParticipant | undefined): boolean =>
  advanced?.participant !== undefined && advanced.participant !== stored?.participant;

/** Reads them, publishes what a crash has left, and decides. Whose effects fail is not decided about: they come first. */
const decide = async (ports: WalkPorts, left: readonly Walking[], failed: Map<Walk, unknown>): Promise<Moved[]> => {
  const read = await ports.participants.getMany(left.map(({ walk }) => walk.key));
  const unpublished = new Map(
    left.flatMap(({ walk }, n): [Effects, Walk][] => {
      const stored = read[n];
      return stored?.participant.pending
        ? [[{ key: walk.key, stored, effects: stored.participant.pending }, walk]]
        : [];
    }),
  );
  const faults = await publishAll(ports, [...unpublished.keys()]);
  for (const [effects, error] of faults) failed.set(unpublished.get(effects)!, error);
  const fit = left.flatMap((walking, n) => {
    return failed.has(walking.walk) ? [] : [{ walking, stored: published(read[n]) }];
  });
  const turns = await takeTurns(
    ports,
    fit.map(({ walking: { walk, stimuli, slots }, stored }): Asking => {
      return { key: walk.key, stimuli, stored, ...(slots && { slots }) };
    }),
  );
  return fit.map((one, n) => ({ ...one, turn: turns[n] ?? { taken: 0 } }));
};

const published = (stored: StoredParticipant | undefined): StoredParticipant | undefined => {
  if (!stored?.participant.pending) return stored;
  const { pending: _published, ...participant } = stored.participant;
  return { ...stored, participant };
};

/** Gives those of whom something failed, and why. What is not known to be published stays in the item. */
const publishAll = async ({ publish, participants }: WalkPorts, all: readonly Effects[]) => {
  const some = all.filter(({ effects }) => effects.length > 0);
  const failed = new Map(some.length > 0 ? await publish(some) : []);
  await inParallel(PARALLEL, some, async (one) => {
    if (failed.has(one)) return;
    const { key, stored } = one;
    await participants.clearPending(key, stored.participant.version).catch((error: unknown) => failed.set(one, error));
  });
  return failed;
};

const waitOf = ({ walking, turn: { advanced } }: Moved): { walking: Walking; waiting: Waiting }[] =>
  advanced?.wake ? [{ walking, waiting: { ...walking.walk.key, ...advanced.wake } }] : [];

const save = ({ participants }: WalkPorts, { walking, turn: { advanced } }: Moved): Promise<boolean> =>
  participants.save(walking.walk.key, { participant: advanced!.participant!, told: advanced!.steps });

const conflicting = ({ walking, turn: { slots } }: Moved): Walking => {
  if (walking.conflicts === MAX_CONFLICTS) {
    throw new RetryLater(`A participant was changed ${MAX_CONFLICTS} times in a row`);
  }
  return { ...walking, conflicts: walking.conflicts + 1, ...(slots && { slots }) };
};

/** Whoever is parked is looked at when the pause ends: if it has ended while they were saved, that look came too early. */
const hasResumed = async ({ journeyOf }: WalkPorts, { walk }: Walking): Promise<boolean> =>
  (await journeyOf(walk.key.journeyId, 'now'))?.state !== 'paused';

/** As it was stored by the save. */
const publishedOf = ({ walking, turn: { advanced } }: Moved): Effects => {
  const { participant, steps: told } = advanced!;
  const stored = { participant: { ...participant!, version: participant!.version + 1 }, told };
  return { key: walking.walk.key, stored, effects: participant!.pending ?? [] };
};

const toldOf = ({ walking: { walk }, stored, turn }: Moved, isSaved: boolean) => {
  const before = stored && (isSaved || walk.isRepeat) ? stored.told : [];
  const steps = [...before, ...(isSaved ? (turn.advanced?.steps ?? []) : [])];
  return steps.length > 0 ? [{ key: walk.key, steps }] : [];
};
