import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { CHANNELS, type Channel } from '../channel.ts';
import type { LinkKey, LinkKeys } from './link-keys.ts';

/**
 * What a link in a message says, all of it sealed. `ref` names the message to whom it may concern (see receipt-ref.ts), '' none.
 * `sentSeconds`: when it was made, epoch seconds; a provider has it seconds later.
 */
export type LinkClaim =
  | { kind: 'click'; ref: string; sentSeconds: number; target: string }
  | { kind: 'open'; ref: string; sentSeconds: number }
  /** Somebody's preferences, and what they unsubscribe from with one click: a topic on a channel. */
  | { kind: 'person'; ref: string; profileId: string; channel: Channel; topic: string };

/** 96 bits: nobody guesses one, and among 2^40 links no two share one by chance (2^-17). */
const TAG_BYTES = 12;
/** Longer ones are not looked at: a gateway takes 10 KB of a request line. */
const MAX_TOKEN = 8_000;
/** No field can have it: ids, topics and URLs are text without NUL. */
const SEPARATOR = '\0';

const LETTERS = { click: 'c', open: 'o', person: 'p' } as const satisfies Record<LinkClaim['kind'], string>;

const fieldsOf = (claim: LinkClaim): string[] => {
  switch (claim.kind) {
    case 'click':
      return [claim.sentSeconds.toString(36), claim.target];
    case 'open':
      return [claim.sentSeconds.toString(36)];
    case 'person':
      return [claim.profileId, claim.channel, claim.topic];
  }
};

/** A ref is a letter or digit, and base64url: its bytes are a quarter shorter. It comes last, for they may be any. */
const packRef = (ref: string): Buffer =>
  Buffer.concat([Buffer.from(ref.slice(0, 1)), Buffer.from(ref.slice(1), 'base64url')]);
const unpackRef = (bytes: Buffer): string => bytes.toString('latin1', 0, 1) + bytes.toString('base64url', 1);

const textOf = (claim: LinkClaim): Buffer => {
  const fields = fieldsOf(claim);
  if (fields.some((field) => field.includes(SEPARATOR))) throw new Error('No part of a link may have a NUL');
  const packed = packRef(claim.ref);
  if (unpackRef(packed) !== claim.ref) throw new Error('This is no ref of a message');
  return Buffer.concat([Buffer.from([LETTERS[claim.kind], ...fields, ''].join(SEPARATOR)), packed]);
};

const FIELDS: Record<string, number> = { [LETTERS.click]: 2, [LETTERS.open]: 1, [LETTERS.person]: 3 };

const claimOf = (text: Buffer): LinkClaim | undefined => {
  const letter = text.toString('latin1', 0, 1);
  const fields: string[] = [];
  let at = 2;
  for (let left = FIELDS[letter] ?? 0; left > 0; left -= 1) {
    const end = text.indexOf(0, at);
    if (end < 0) return undefined;
    fields.push(text.toString('utf8', at, end));
    at = end + 1;
  }
  const ref = unpackRef(text.subarray(at));
  const [first = '', second = '', topic = ''] = fields;
  const sentSeconds = Number.parseInt(first, 36);
  if (letter === LETTERS.click) return { kind: 'click', ref, sentSeconds, target: second };
  if (letter === LETTERS.open) return { kind: 'open', ref, sentSeconds };
  const channel = CHANNELS.find((known) => known === second);
  return letter === LETTERS.person && channel ? { kind: 'person', ref, profileId: first, channel, topic } : undefined;
};

const tagOf = ({ tag }: LinkKey, text: Buffer): Buffer =>
  createHmac('sha256', tag).update(text).digest().subarray(0, TAG_BYTES);
/** The tag is the nonce: two texts have the same one only when they are the same. */
const nonceOf = (tag: Buffer): Buffer => Buffer.concat([tag, Buffer.alloc(16 - TAG_BYTES)]);

/**
 * A link's token: the id of the key, and base64url of tag and text. The tag is an HMAC-SHA256 of the text, cut to 96 bits; the
 * text is under AES-256-CTR with the tag as its nonce (the SIV construction of RFC 5297, with HMAC), for a profile id may be an
 * email address, and links stand in logs of others. The same claim has the same token. Throws when a field has a NUL.
 */
export const sealLink = ({ current, keys }: LinkKeys, claim: LinkClaim): string => {
  const key = keys.get(current) as LinkKey;
  const text = textOf(claim);
  const tag = tagOf(key, text);
  const cipher = createCipheriv('aes-256-ctr', key.cipher, nonceOf(tag));
  return current + Buffer.concat([tag, cipher.update(text), cipher.final()]).toString('base64url');
};

/** What a token says; `unknown-key` when a key that these keys lack may have made it; undefined when Herald never made it. */
export const openLink = ({ keys }: LinkKeys, token: string): LinkClaim | 'unknown-key' | undefined => {
  if (token.length > MAX_TOKEN || !/^[A-Za-z0-9][A-Za-z0-9_-]+$/.test(token)) return undefined;
  const sealed = Buffer.from(token.slice(1), 'base64url');
  // The last character has bits that decoding drops: of the forms of one value only one is a token.
  if (sealed.length <= TAG_BYTES || sealed.toString('base64url') !== token.slice(1)) return undefined;
  const key = keys.get(token.charAt(0));
  if (!key) return 'unknown-key';
  const tag = sealed.subarray(0, TAG_BYTES);
  const decipher = createDecipheriv('aes-256-ctr', key.cipher, nonceOf(tag));
  const text = Buffer.concat([decipher.update(sealed.subarray(TAG_BYTES)), decipher.final()]);
  return timingSafeEqual(tagOf(key, text), tag) ? claimOf(text) : undefined;
};
