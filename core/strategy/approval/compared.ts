import type { Approvable } from './approval.ts';

/**
 * Hashes of the two submissions that somebody asks to compare; `from` is null when all is new. Undefined when one was never
 * submitted. Without a name it is the last submission, and what was approved last before it, else the submission before it.
 */
export const comparedHashes = (
  { history = [], approval }: Approvable,
  asked: { from?: string | undefined; to?: string | undefined },
): { from: string | null; to: string } | undefined => {
  const all = [...history, ...(approval ? [{ hash: approval.hash, outcome: approval.decision?.outcome }] : [])];
  const at = asked.to === undefined ? all.length - 1 : all.findLastIndex(({ hash }) => hash === asked.to);
  const to = all[at];
  if (!to) return undefined;
  if (asked.from !== undefined) {
    return all.some(({ hash }) => hash === asked.from) ? { from: asked.from, to: to.hash } : undefined;
  }
  const before = all.slice(0, at);
  const from = before.findLast(({ outcome }) => outcome === 'approved' || outcome === 'revoked') ?? before.at(-1);
  return { from: from?.hash ?? null, to: to.hash };
};
