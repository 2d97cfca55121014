import { opens, parseApiKey, type Source } from '../../core/access/source.ts';
import { cached } from './cache.ts';
import type { Definitions } from './definitions.ts';

/** Whose API key this is; undefined for one that is missing, malformed, unknown, wrong or revoked. */
export type SourceOf = (key: string | undefined) => Promise<Source | undefined>;

/** A new or revoked key acts within a minute. Unknown sources are remembered too. */
export const sources = (defs: Definitions): SourceOf => {
  const sourceOf = cached(60_000, async (id) => (await defs.get<Source>('source', id))?.body);
  return async (key) => {
    const parsed = parseApiKey(key);
    const source = parsed && (await sourceOf(parsed.sourceId));
    return parsed && opens(source, parsed.secret) ? source : undefined;
  };
};
