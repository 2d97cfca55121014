import type { Ids } from './cleansing.ts';

/** An export of everything about a person. `profileId` is there only while it runs. */
export type PersonalExport = {
  id: string;
  version: number;
  state: 'running' | 'finished' | 'failed';
  profileId?: string;
  author: string;
  createdMs: number;
  /** Queries of the lake that failed are asked again under another number. */
  attempt: number;
  progress: { done: number; of: number };
  /** Lines of the document below its header. Absent: it is not written yet. */
  records?: number;
  finishedMs?: number;
  reason?: string;
};

/** An export that is still about one of these people ends, and forgets whom it was about; undefined: it is about nobody of them. */
export const forgetExport = (
  { profileId, ...rest }: PersonalExport,
  ids: Ids,
  nowMs: number,
): PersonalExport | undefined => {
  if (profileId === undefined || !ids.has(profileId)) return undefined;
  return { ...rest, version: rest.version + 1, state: 'failed', reason: 'The person was erased', finishedMs: nowMs };
};

/** Version of the document's form. */
export const EXPORT_SCHEMA = 'herald.person.1';

/** Key of the document in the work bucket: NDJSON, a line of the schema and then one a record. */
export const exportKey = (id: string): string => `exports/${id}/person.ndjson`;
