import type { Approvable, ApprovalRef } from '../../core/strategy/approval/approval.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { opened, settled } from '../../core/strategy/campaign-decisions.ts';
import { withBeginning } from '../../core/strategy/campaign-schedule.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { fallbackZone } from '../adapters/fallback-zone.ts';
import { changeCampaign, isRefusal, type Store } from './change-campaign.ts';
import { startRun } from './start-run.ts';

/** How a kind of thing waits for its approval. */
type Handling<T extends Approvable> = {
  /** With the token of the wait for a level; undefined when nothing waits for it. */
  opened: (thing: T, ref: ApprovalRef & { level: number }, taskToken: string) => T | undefined;
  /** What follows when a wait is over; gives the thing as it then is, undefined when somebody has deleted it. */
  settle: (store: Store, id: string, ref: ApprovalRef, givenUp: boolean, nowMs: number) => Promise<T | undefined>;
};

const campaign: Handling<Campaign> = {
  opened,
  async settle(store, id, ref, givenUp, nowMs) {
    const timeZone = await fallbackZone(store.defs);
    const result = await changeCampaign(
      store,
      id,
      MACHINE,
      nowMs,
      (thing) => withBeginning(settled(thing, ref, givenUp, nowMs), nowMs, timeZone),
      startRun,
    );
    if (result && isRefusal(result)) throw new Error(`Campaign ${id} cannot be settled: ${result.detail}`);
    // Who deletes a campaign leaves it in the table.
    if (!result && !(await store.defs.get('campaign', id))) throw new Error(`Campaign ${id} is gone`);
    return result;
  },
};

/** By the kind of their definitions. */
export const approvables = { campaign } as const;
export type ApprovableKind = keyof typeof approvables;
