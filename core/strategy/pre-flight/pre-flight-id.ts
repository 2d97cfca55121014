import type * as z from 'zod/mini';
import type { Approvable } from '../approval/approval.ts';
import type { Campaign } from '../campaign.ts';
import type { preFlight } from './pre-flight.ts';

/**
 * Not shown of one that runs: its query, and what else is planned, of which the query counts the overlap with the first `counted`; `lost`: names of
 * those whose content is not to be found.
 */
export type PreFlight =
  | (z.infer<typeof preFlight> & { state: 'done' | 'failed' })
  | (z.infer<typeof preFlight> & {
      state: 'running';
      queryId: string;
      near: NearCampaign[];
      counted: number;
      lost?: string[];
    });

export type NearCampaign = { id: string; name: string; state: string; atMs: number; sameTopic: boolean; hash?: string };

/** One for each submission, and one for the draft that it may be. */
export const preFlightId = ({ id, state, approval }: Pick<Approvable, 'id' | 'state' | 'approval'>): string =>
  `${id}-${state === 'draft' ? 0 : (approval?.submission ?? 0)}`;

/** Before it begins there is something to be told. What was rejected is edited first. */
export const mayPreFlight = ({ state, run }: Campaign): boolean =>
  state === 'draft' ||
  state === 'in review' ||
  state === 'approved' ||
  state === 'scheduled' ||
  (state === 'paused' && run === undefined);
