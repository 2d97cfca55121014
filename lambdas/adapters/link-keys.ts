import { type LinkKeys, readLinkKeys } from '../../core/delivery/links/link-keys.ts';
import { type LinkClaim, openLink } from '../../core/delivery/links/link-token.ts';
import { secretText } from './secrets.ts';

/** A key that was added is known after at most this long; made-up key ids do not make Herald ask all the time. */
const LOOK_AGAIN_MS = 60_000;

/** The keys of links, read at the first use and kept: a key that a link names and that is not among them is looked for. */
export const linkKeys = (secretArn: string, clock: () => number = Date.now) => {
  let known: { atMs: number; keys: Promise<LinkKeys> } | undefined;
  const read = (): Promise<LinkKeys> => {
    const reading = { atMs: clock(), keys: secretText(secretArn).then(readLinkKeys) };
    known = reading;
    reading.keys.catch(() => {
      if (known === reading) known = undefined;
    });
    return reading.keys;
  };
  const keys = (): Promise<LinkKeys> => known?.keys ?? read();

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
