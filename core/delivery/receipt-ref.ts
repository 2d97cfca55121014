import { createHash } from 'node:crypto';
import { CHANNELS, type Channel } from './channel.ts';
import { PLAN_KINDS, type PlanKind } from './messages.ts';
import { occasionRun, type Work } from './work.ts';

/**
 * What Herald gives along with each message, and what comes back with each of its receipts (SES message tags, `Context` of
 * SMS, `biz_opaque_callback_data` of WhatsApp), so that a receipt is understood without looking anything up.
 */
export type ReceiptRef = {
  planKind: PlanKind;
  planId: string;
  /** Of a journey's message: the node that it is of. */
  node?: string;
  run: string;
  /** Names the message among all of Herald's: see `messageName`. */
  message: string;
  /** The ledger's record of its batch, as `heardUnit` names it, and its place in there. */
  unit: string;
  index: number;
  channel: Channel;
  /** `addressTag` of where it went. */
  address: string;
  /** What is next for this person depends on the receipt: `delivered` and `opened` are noted in the ledger. */
  waits: boolean;
  /** What becomes of the message is no event: it was asked for by such an event itself, and could go on for ever. */
  quiet?: true;
  profileId: string;
};

/** So much of a SHA-256 that a billion messages are unlikely (1 : 8,000) to have two of one name: 72 bits. */
const short = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 12);

/** Short name of a message, of its outcome id. The receipts of two attempts on one channel have the same. */
export const messageName = (work: Pick<Work, 'outcomeIdOf'>, profileId: string): string =>
  short(work.outcomeIdOf(profileId));

/** Unit of the ledger item that says of whom in a batch something was heard. Hashed: a unit may be 1,000 bytes, a ref is short. */
export const heardUnit = (unit: string): string => `w#${short(unit)}`;

/** First character of every ref: another form gets another one. Letters, digits, `_` and `-` only, as SES wants its tags. */
const VERSION = '1';

/**
 * 130 to 250 characters for ids as people give them; at most 1,000 for 128 characters of any script.
 */
export const encodeRef = (ref: ReceiptRef): string => {
  const { planKind, planId, node = '', run, message, unit, index, channel, address, waits, quiet, profileId } = ref;
  const fields = [
    `${PLAN_KINDS.indexOf(planKind)}${waits ? 1 : 0}${quiet ? 1 : ''}`,
    channel,
    planId,
    // Runs of the others follow from their plan.
    planKind === 'campaign' ? run : node,
    message,
    unit,
    index,
    address,
    profileId,
  ];
  return VERSION + Buffer.from(JSON.stringify(fields).slice(1, -1)).toString('base64url');
};

/** Undefined for what is no ref: receipts of messages that somebody else sent through the account come here too. */
export const decodeRef = (text: string): ReceiptRef | undefined => {
  if (!text.startsWith(VERSION)) return undefined;
  try {
    const fields: unknown = JSON.parse(`[${Buffer.from(text.slice(1), 'base64url').toString()}]`);
    const [flags, channel, planId, run, message, unit, index, address, profileId] = fields as string[];
    const planKind = PLAN_KINDS[Number(flags?.[0])];
    const known = CHANNELS.find((one) => one === channel);
    const texts = [planId, run, message, unit, address, profileId];
    if (!planKind || !known || !planId || !profileId || texts.some((one) => typeof one !== 'string')) return undefined;
    return {
      planKind,
      planId,
      ...(planKind === 'journey' && run && { node: run }),
      run: planKind === 'campaign' ? String(run) : occasionRun(planKind, planId),
      message: String(message),
      unit: String(unit),
      index: Number(index),
      channel: known,
      address: String(address),
      waits: flags?.[1] === '1',
      ...(flags?.[2] === '1' && { quiet: true as const }),
      profileId,
    };
  } catch {
    return undefined;
  }
};

/** Names of the tags that carry a ref together: `herald-0`, `herald-1` … */
export const refTag = (part: number): string => `herald-${part}`;

/** Cuts a ref into the values of these tags: SES takes 256 characters in one, SMS 800. */
export const refParts = (ref: string, size: number): string[] => ref.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];

/** Puts it together again; '' when there is none. */
export const joinRef = (tagOf: (name: string) => string | undefined): string => {
  let ref = '';
  for (let part = 0; ; part += 1) {
    const value = tagOf(refTag(part));
    if (!value) return ref;
    ref += value;
  }
};
