import { hashOf } from '../../core/strategy/plan-hash.ts';
import { type Definitions, VersionConflict } from './definitions.ts';

const submissionId = (kind: string, id: string, hash: string): string => `${kind}-${id}@${hash}`;

/** Stores what is to be approved, and gives its hash. What was stored before with this hash is the same. */
export const storeSubmission = async (
  defs: Definitions,
  kind: string,
  id: string,
  content: object,
  nowMs: number,
): Promise<string> => {
  const hash = hashOf(content);
  try {
    await defs.put('submission', submissionId(kind, id, hash), content, 0, nowMs);
  } catch (error) {
    if (!(error instanceof VersionConflict)) throw error;
  }
  return hash;
};

/** Throws when it was never stored. */
export const loadSubmission = async <T>(defs: Definitions, kind: string, id: string, hash: string): Promise<T> => {
  const stored = await defs.get<T>('submission', submissionId(kind, id, hash));
  if (!stored) throw new Error(`No submission ${submissionId(kind, id, hash)}`);
  return stored.body;
};
