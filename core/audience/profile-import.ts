import type { ImportMapping } from './import-mapping.ts';

/** created: waits for its file. failed: `reason` says why; it can be started again. */
export type ImportState = 'created' | 'running' | 'finished' | 'failed';

/** Rows are records below the header; each is either imported or refused. */
export type ImportProgress = { bytesDone: number; bytesTotal: number; rows: number; imported: number; refused: number };

/** An import of profiles from a CSV file. Where it stands is all in here, so that any retry goes on from there. */
export type ProfileImport = {
  id: string;
  version: number;
  name: string;
  mapping: ImportMapping;
  delimiter: string;
  state: ImportState;
  author: string;
  createdMs: number;
  /** S3 key of the file in the work bucket. */
  key: string;
  /** S3's tag of the file that was there at the start: another file has another one. */
  etag?: string;
  progress: ImportProgress;
  /** Names in the first record; absent until it is read. */
  header?: string[];
  /** Number of the line at `bytesDone`, from 1. */
  nextLine: number;
  /** S3 key of the NDJSON of ImportError; absent while there is none. */
  errorsKey?: string;
  reason?: string;
  finishedMs?: number;
};

/** A line of the errors file. `column` is '' when the whole row is wrong. */
export type ImportError = { line: number; column: string; message: string; excerpt: string };
/** The errors file tells the first so many; all are counted. */
export const MAX_LISTED_ERRORS = 10_000;

export const noProgress = (bytesTotal: number): ImportProgress => ({
  bytesDone: 0,
  bytesTotal,
  rows: 0,
  imported: 0,
  refused: 0,
});
