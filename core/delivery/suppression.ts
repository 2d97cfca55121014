import { createHash } from 'node:crypto';
import type { BounceClass } from './bounce.ts';
import type { Receipt } from './receipt.ts';
import type { ReceiptRef } from './receipt-ref.ts';

/**
 * Why nobody may be written to on a channel, from the weakest to the strongest: of several at once the strongest holds, of two
 * alike the later one, so that it does not matter in which order they are heard.
 */
export const SUPPRESSION_REASONS = [
  'soft-bounces',
  'address-refused',
  'hard-bounce',
  'opted-out',
  'manual',
  'complaint',
] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

export type Suppression = {
  reason: SuppressionReason;
  atMs: number;
  /** `addressTag` of the only address that it is about; absent: about the person, whatever the address. */
  address?: string;
  /** It ends by itself; absent: it does not. */
  untilMs?: number;
};

/**
 * Knows an address again (36 bits: it is only compared with addresses of the same person), also in capitals: mailboxes do not
 * tell `Ann@x` from `ann@x`, and no provider says `bounced` of one of them alone.
 */
export const addressTag = (address: string): string =>
  createHash('sha256').update(address.toLowerCase()).digest('base64url').slice(0, 6);

/** Whether a suppression speaks against a message now. `address`: where it would go; absent: wherever. */
export const isInForce = (
  { address: only, untilMs }: Suppression,
  { address, nowMs }: { address?: string | undefined; nowMs: number },
): boolean => {
  if (untilMs !== undefined && nowMs >= untilMs) return false;
  return only === undefined || address === undefined || only === addressTag(address);
};

const DAY_MS = 86_400_000;
/** So many soft bounces in this time suppress the address, for as long: then it may be tried again. */
export const SOFT_LIMIT = { bounces: 3, withinMs: 30 * DAY_MS, forMs: 30 * DAY_MS } as const;

/** What a soft bounce leaves: when, of which message, so that it counts once, and of which address. */
export type SoftBounce = { atMs: number; message: string; address: string };

/**
 * What soft bounces of an address ask for: the suppression, when some of them lie close enough together. It depends on which
 * there are, not on the order in which they came. A message that was sent again, and bounced again, counts once.
 */
export const softSuppression = (bounces: readonly SoftBounce[], address: string): Suppression | undefined => {
  const own = bounces.filter((bounce) => bounce.address === address).sort((a, b) => a.atMs - b.atMs);
  const lastOf = new Map(own.map(({ message, atMs }) => [message, atMs]));
  const times = [...lastOf.values()].sort((a, b) => a - b);
  const { bounces: limit, withinMs, forMs } = SOFT_LIMIT;
  const last = times.findLast((atMs, n) => n >= limit - 1 && atMs - (times[n - limit + 1] as number) < withinMs);
  return last === undefined ? undefined : { reason: 'soft-bounces', atMs: last, address, untilMs: last + forMs };
};

/** What a receipt asks for: a suppression, or that a soft bounce is counted. Blocks are not about the person. */
export type Consequence = { kind: 'suppress'; suppression: Suppression } | { kind: 'soft-bounce'; bounce: SoftBounce };

const BY_CLASS: Record<BounceClass, 'suppress' | 'count' | 'nothing'> = {
  hard: 'suppress',
  soft: 'count',
  undetermined: 'count',
  block: 'nothing',
};

export const consequenceOf = (
  { outcome, detail, atMs }: Receipt,
  { address, message }: Pick<ReceiptRef, 'address' | 'message'>,
): Consequence | undefined => {
  if (outcome === 'complained') return { kind: 'suppress', suppression: { reason: 'complaint', atMs } };
  if (outcome !== 'bounced') return undefined;
  const act = BY_CLASS[detail as BounceClass];
  if (act === 'suppress') return { kind: 'suppress', suppression: { reason: 'hard-bounce', atMs, address } };
  return act === 'count' ? { kind: 'soft-bounce', bounce: { atMs, message, address } } : undefined;
};
