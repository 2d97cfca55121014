import { REMEMBERED_MS } from '../../audience/erasure.ts';
import type { Receipt } from '../receipt.ts';
import type { LinkClaim } from './link-token.ts';
import { type Machine, machineOf } from './machine.ts';

/** One request for a link or an image of a message. `method` and `userAgent` as the browser or machine says them. */
export type LinkRequest = { method: string; userAgent: string; atMs: number };

/**
 * What is done with an older message is not recorded. Whoever was erased is known for 30 days, and was erased after the message
 * was sent: of a younger one it is always known whether its person may still be named.
 */
export const RECORDED_SECONDS = REMEMBERED_MS / 1_000;

/** Of an address so many characters name it in reports. */
const MAX_LINK = 300;

/** The address without what is different for each person: query and fragment. */
const linkOf = (target: string): string => {
  const { origin, pathname } = new URL(target);
  return (origin + pathname).slice(0, MAX_LINK);
};

/**
 * What a request tells of a message. `detail` is, of an open, what machine it was, '' none that is known; of a click the same,
 * a `|`, and the link. Undefined for a link that belongs to no message, or to one of long ago.
 */
export const linkReceipt = (
  claim: Exclude<LinkClaim, { kind: 'person' }>,
  { method, userAgent, atMs }: LinkRequest,
): { receipt: Receipt; machine: Machine | undefined } | undefined => {
  const { kind, ref, sentSeconds } = claim;
  const ageSeconds = atMs / 1_000 - sentSeconds;
  if (ref === '' || ageSeconds > RECORDED_SECONDS) return undefined;
  const machine = machineOf({ kind, method, userAgent, ageSeconds });
  const flag = machine ?? '';
  const detail = claim.kind === 'click' ? `${flag}|${linkOf(claim.target)}` : flag;
  const outcome = kind === 'click' ? 'clicked' : 'opened';
  return { receipt: { ref, outcome, atMs, messageId: '', detail }, machine };
};
