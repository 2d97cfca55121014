import type { AudienceRef } from './audience-ref.ts';

/** A frozen audience that somebody took by hand. (A campaign takes its own when it runs.) */
export type Snapshot = {
  id: string;
  version: number;
  /** What it was taken of. */
  audience: AudienceRef;
  state: 'running' | 'finished' | 'failed';
  /** The instant for which it was evaluated. */
  takenMs: number;
  author: string;
  /** Athena's id of the UNLOAD. */
  queryId: string;
  /** Recipients; set when finished. */
  count?: number;
  /** Keys in the work bucket: gzip NDJSON of UnloadedRow. Set when finished. */
  files?: string[];
  reason?: string;
};
