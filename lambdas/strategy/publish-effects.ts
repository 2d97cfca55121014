import type { Channel, Lane } from '../../core/delivery/channel.ts';
import type { DirectMessage } from '../../core/delivery/messages.ts';
import { channelOf } from '../../core/delivery/policy.ts';
import { durationMs } from '../../core/event/duration.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { Effect, NodeEffect } from '../../core/strategy/journey/participant.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import type { ParticipantKey } from '../adapters/participants.ts';
import type { Effects } from './walk-participants.ts';

export type EffectPorts = {
  versionOf(journeyId: string, hash: string): Promise<JourneyVersion>;
  /** The frozen plan of a node. */
  planOf(journeyId: string, hash: string): Promise<PlanVersion>;
  /** Merges into the profile of somebody who has one. */
  change(
    profileId: string,
    attributes: Record<string, string | number | boolean | null>,
    journeyId: string,
  ): Promise<void>;
  /** Gives those that the queue has not accepted, and why. */
  enqueue(
    channel: Channel,
    lane: Lane,
    messages: readonly DirectMessage[],
  ): Promise<ReadonlyMap<DirectMessage, unknown>>;
  /** Has the execution of this number follow somebody who is traced. */
  follow(key: ParticipantKey, entry: number, follower: number): Promise<void>;
  /** Tells the execution that waits with this token to look again. */
  wake(token: string): Promise<void>;
};

const PARALLEL = 20;

type Ordered = { channel: Channel; lane: Lane; message: DirectMessage };
type Told = { one: Effects; effect: Effect; error: unknown };

/**
 * Of each participant: changes the profile, then asks for messages, which may speak of what has changed; and tells the executions of those
 * who are traced. Gives those of whom something failed, and why; what is wrong with one keeps nobody else waiting. Doing it twice is
 * harmless: a change is the same change, a message has the ledger record of its participant's step, an execution has a name, and a token is
 * answered once.
 */
export const publishEffects = async (ports: EffectPorts, all: readonly Effects[]): Promise<Map<Effects, unknown>> => {
  const failed = new Map<Effects, unknown>();
  const fail = ({ one, effect, error }: Told) => failed.set(one, explained(one.key, effect, error));
  /** The effects of a participant one after the other, up to the first that fails. */
  const each = (kinds: readonly Effect['kind'][], act: (one: Effects, effect: Effect) => Promise<void>) =>
    inParallel(PARALLEL, all, async (one) => {
      for (const effect of one.effects) {
        if (failed.has(one) || !kinds.includes(effect.kind)) continue;
        await act(one, effect).catch((error: unknown) => fail({ one, effect, error }));
      }
    });

  const ordered: (Ordered & { one: Effects; effect: Effect })[] = [];
  await each(['update'], async (one, effect) => {
    if (effect.kind === 'update') await update(ports, one, effect);
  });
  await each(['send'], async (one, effect) => {
    if (effect.kind !== 'send') return;
    for (const order of await messageOf(ports, one, effect)) ordered.push({ ...order, one, effect });
  });
  for (const own of Map.groupBy(ordered, ({ channel, lane }) => `${channel} ${lane}`).values()) {
    const { channel, lane } = own[0]!;
    const messages = own.map(({ message }) => message);
    const refused = await ports.enqueue(channel, lane, messages);
    for (const { one, effect, message } of own) {
      if (refused.has(message)) fail({ one, effect, error: refused.get(message) });
    }
  }
  await each(['follow', 'wake'], async ({ key }, effect) => {
    if (effect.kind === 'follow') await ports.follow(key, effect.entry, effect.follower);
    if (effect.kind === 'wake') await ports.wake(effect.token);
  });
  return failed;
};

/** As the log and the note at the dead letter say it: which node of which journey, and nobody's name. */
const explained = ({ journeyId }: ParticipantKey, effect: Effect, error: unknown): Error => {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const what = 'node' in effect ? `${effect.kind} of node ${effect.node}` : effect.kind;
  const told = new Error(`Journey ${journeyId}, ${what}: ${message}`, { cause: error });
  return Object.assign(told, { name, stack });
};

const update = async (
  { versionOf, change }: EffectPorts,
  { key: { profileId, journeyId } }: Effects,
  { hash, node: id }: NodeEffect,
): Promise<void> => {
  const node = (await versionOf(journeyId, hash)).nodes[id];
  if (node?.kind === 'update') await change(profileId, node.set, journeyId);
};

/** The message of a node is worth sending for so long after its participant has come to it. */
const DEADLINE_MS = 86_400_000;

const messageOf = async (
  { versionOf, planOf }: EffectPorts,
  { key: { profileId, journeyId }, stored: { participant } }: Effects,
  { entry, step, hash, node: id, atMs }: NodeEffect,
): Promise<Ordered[]> => {
  const node = (await versionOf(journeyId, hash)).nodes[id];
  if (!node || !('plan' in node) || !participant.event) return [];
  const { channelPolicy, lane, deadline } = await planOf(journeyId, node.plan);
  const [first] = channelPolicy;
  if (!first) return [];
  const message: DirectMessage = {
    kind: 'direct',
    plan: { kind: 'journey', id: journeyId, hash: node.plan },
    profileId,
    event: { ...participant.event, profileId },
    window: { firing: `${entry}.${step}` },
    deadlineMs: atMs + (deadline ? durationMs(deadline) : DEADLINE_MS),
    step: 0,
  };
  return [{ channel: channelOf(first), lane, message }];
};
