import type { Approvable, ApprovalRef } from '../../core/strategy/approval/approval.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { opened, settled } from '../../core/strategy/campaign-decisions.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { beginsAtMs } from '../../core/strategy/send-time.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { changeCampaign, isRefusal, type Store } from './change-campaign.ts';

/** How a kind of thing waits for its approval. */
type Handling<T extends Approvable> = {
  /** With the token of the wait for a level; undefined when nothing waits for it. */
  opened: (thing: T, ref: ApprovalRef & { level: number }, taskToken: string) => T | undefined;
  /** What follows when a wait is over; gives the thing as it then is. Throws when it is gone. */
  settle: (store: Store, id: string, ref: ApprovalRef, givenUp: boolean, nowMs: number) => Promise<T>;
};

const campaign: Handling<Campaign> = {
  opened,
  async settle(store, id, ref, givenUp, nowMs) {
    const result = await changeCampaign(
      store,
      id,
      MACHINE,
      nowMs,
      (thing) => settled(thing, ref, givenUp, nowMs),
      (_, after) => (after.state === 'scheduled' ? [startRun(after, ref.hash, nowMs)] : []),
    );
    if (!result || isRefusal(result)) throw new Error(`Campaign ${id} cannot be settled: ${result?.detail ?? 'gone'}`);
    return result;
  },
};

/** A run is named by what it sends, so that it can start only once. */
const startRun = (campaign: Campaign, hash: string, nowMs: number): OutboxEntry => {
  const { id } = campaign;
  const runId = `${id}-${hash.slice(0, 12)}`;
  const input = { campaignId: id, hash, runId, sendAt: new Date(beginsAtMs(campaign) ?? nowMs).toISOString() };
  return { effect: 'start-execution', machine: 'run-campaign', name: `run-${runId}`, input };
};

/** By the kind of their definitions. */
export const approvables = { campaign } as const;
export type ApprovableKind = keyof typeof approvables;
