/** A frozen audience that somebody took by hand. (A campaign takes its own when it runs.) */
export type Snapshot = {
  id: string;
  version: number;
  segmentId: string;
  state: 'running' | 'finished' | 'failed';
  /** The instant for which the segment was evaluated. */
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
