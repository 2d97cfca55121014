import { createHash } from 'node:crypto';
import type { PlanVersion } from './plan-version.ts';

/**
 * JSON with sorted keys and without undefined members: equal values give equal text, whatever the order in which their
 * members were set. Throws on what JSON cannot say (functions, bigint, NaN and infinities).
 */
export const canonicalJson = (value: unknown): string => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new Error(`No canonical JSON of ${String(value)}`);
};

/** First 32 hex characters (128 bits) of the SHA-256 of the canonical JSON. */
export const hashOf = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32);

/** The plan version of this content: what an approval is bound to, and what senders load by its hash. */
export const freezePlan = (content: Omit<PlanVersion, 'hash'>): PlanVersion => ({ ...content, hash: hashOf(content) });

/** Id of a frozen plan among the definitions of kind `plan-version`. */
export const planVersionId = (planId: string, hash: string): string => `${planId}@${hash}`;
