import type { Channel, Lane } from '../../core/delivery/channel.ts';
import type { DirectMessage } from '../../core/delivery/messages.ts';
import { channelOf } from '../../core/delivery/policy.ts';
import { durationMs } from '../../core/event/duration.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { NodeEffect } from '../../core/strategy/journey/participant.ts';
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
  enqueue(channel: Channel, lane: Lane, messages: readonly DirectMessage[]): Promise<void>;
  /** Has an execution follow somebody who is traced, from this step of this entry on. */
  follow(key: ParticipantKey, entry: number, step: number): Promise<void>;
  /** Tells the execution that waits with this token to look again. */
  wake(token: string): Promise<void>;
};

const PARALLEL = 20;

type Ordered = { channel: Channel; lane: Lane; message: DirectMessage };

/**
 * Changes profiles, then asks for messages, which may speak of what has changed; and tells the executions of those who are traced. Doing
 * it twice is harmless: a change is the same change, a message has the ledger record of its participant's step, an execution has a name,
 * and a token is answered once.
 */
export const publishEffects = async (ports: EffectPorts, all: readonly Effects[]): Promise<void> => {
  await inParallel(PARALLEL, all, async (one) => {
    for (const effect of one.effects) if (effect.kind === 'update') await update(ports, one, effect);
  });
  const ordered: Ordered[] = [];
  await inParallel(PARALLEL, all, async (one) => {
    for (const effect of one.effects)
      if (effect.kind === 'send') ordered.push(...(await messageOf(ports, one, effect)));
  });
  for (const own of Map.groupBy(ordered, ({ channel, lane }) => `${channel} ${lane}`).values()) {
    const { channel, lane } = own[0]!;
    await ports.enqueue(
      channel,
      lane,
      own.map(({ message }) => message),
    );
  }
  await inParallel(PARALLEL, all, async ({ key, effects }) => {
    for (const effect of effects) {
      if (effect.kind === 'follow') await ports.follow(key, effect.entry, effect.step);
      if (effect.kind === 'wake') await ports.wake(effect.token);
    }
  });
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
