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
  records?: number;
  finishedMs?: number;
  reason?: string;
};

/** Version of the document's form. */
export const EXPORT_SCHEMA = 'herald.person.1';

/** Key of the document in the work bucket: NDJSON, a line of the schema and then one a record. */
export const exportKey = (id: string): string => `exports/${id}/person.ndjson`;
