import { type LinkKeys, readLinkKeys } from '../../core/delivery/links/link-keys.ts';
import { type LinkClaim, openLink } from '../../core/delivery/links/link-token.ts';
import { secretText } from './secrets.ts';

/** A key that was added is known after at most this long; made-up key ids do not make Herald ask all the time. */
const LOOK_AGAIN_MS = 60_000;
/** After this long a new key seals, and one that was taken out, because it had leaked, opens nothing any more. */
const MAX_AGE_MS = 300_000;

/** The keys of links, a few minutes old at most: a key that a link names and that is not among them is looked for. */
export const linkKeys = (secretArn: string, clock: () => number = Date.now) => {
  let known: { atMs: number; keys: Promise<LinkKeys> } | undefined;
  let last: LinkKeys | undefined;
  const read = (): Promise<LinkKeys> => {
    const reading = { atMs: clock(), keys: secretText(secretArn).then(readLinkKeys) };
    known = reading;
    reading.keys.then(
      (keys) => {
        last = keys;
      },
      () => {
        if (known === reading) known = undefined;
      },
    );
    return reading.keys;
  };
  /** While the secret cannot be read, the keys of before go on: nobody's way out of a message is to depend on it. */
  const keys = async (): Promise<LinkKeys> => {
    try {
      return await (known && clock() - known.atMs < MAX_AGE_MS ? known.keys : read());
    } catch (error) {
      if (last) return last;
      throw error;
    }
  };

  return {
    keys,
    /** What a link's token says; undefined when Herald never made it. */
    async open(token: string): Promise<LinkClaim | undefined> {
      const claim = openLink(await keys(), token);
      if (claim !== 'unknown-key') return claim;
      if (known && clock() - known.atMs < LOOK_AGAIN_MS) return undefined;
      const again = openLink(await read(), token);
      return again === 'unknown-key' ? undefined : again;
    },
  };
};
