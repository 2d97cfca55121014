import type { FileForm } from './import-form.ts';
import type { ImportMapping } from './import-mapping.ts';
import type { RowProblem } from './import-row.ts';
import type { ImportState } from './import-states.ts';

/** The file as it was when its reading began. */
export type ImportSource = {
  /** S3's tag: another file has another one. */
  etag: string;
  bytes: number;
  form: FileForm;
  /** Of CSV, in their order. */
  columns?: string[];
  /** Where its rows begin: behind byte order mark, `sep=` line and header. */
  start: { byte: number; line: number };
};

/** How far the file is read. Rows are records below the header; each is either refused here or left for its lane. */
export type Reading = {
  /** Version of the import when this reading began: names what it leaves in S3. */
  generation: number;
  /** Steps so far: each leaves one piece of rows for every lane. */
  steps: number;
  bytesDone: number;
  /** Number of the line at `bytesDone`, from 1. */
  nextLine: number;
  rows: number;
  refused: number;
  /** S3 key of the NDJSON of ImportError; absent while there is none. */
  errorsKey?: string;
  done: boolean;
};

/** Rows by what became of them. Rows about one person that were written as one count as what that one was. */
export type Written = { created: number; changed: number; unchanged: number; refused: number };
export const nothingWritten: Written = { created: 0, changed: 0, unchanged: 0, refused: 0 };
export const sumOf = (all: readonly Written[]): Written =>
  all.reduce<Written>(
    (sum, { created, changed, unchanged, refused }) => ({
      created: sum.created + created,
      changed: sum.changed + changed,
      unchanged: sum.unchanged + unchanged,
      refused: sum.refused + refused,
    }),
    nothingWritten,
  );

/** What would become of a person. `changes` names fields, attributes and consents. */
export type SamplePerson = { profileId: string; outcome: 'create' | 'change' | 'unchanged'; changes: string[] };

/** What a dry run found. */
export type ImportCheck = {
  /** After so many rows it stops. Absent: the whole file. */
  rowLimit?: number;
  errors: ImportError[];
  sample: SamplePerson[];
};

/** An import of profiles from a file. Where it stands is all in here and in its lanes, so that any retry goes on from there. */
export type ProfileImport = {
  id: string;
  version: number;
  name: string;
  author: string;
  createdMs: number;
  /** Absent until somebody has decided it. */
  mapping?: ImportMapping;
  /** ISO 3166-1 alpha-2: of phone numbers without a country code. */
  defaultCountry?: string;
  /** What the file is said to be; the rest is detected. */
  file: Partial<FileForm>;
  state: ImportState;
  /** S3 key of the file in the work bucket. */
  key: string;
  /** Version at the last check, start or resume: executions of an older one do no more. */
  run: number;
  source?: ImportSource;
  reading?: Reading;
  check?: ImportCheck;
  /** At the end. */
  written?: Written;
  reason?: string;
  finishedMs?: number;
};

/**
 * Each lane writes the people whose id falls to it, one piece of rows after the other: rows about one person are in one
 * lane, in the order of the file, so the last one wins although lanes run beside each other.
 */
export type ImportLane = Written & {
  generation: number;
  /** Pieces that are written. */
  steps: number;
  /** Rows that were refused while they were written: the first of them. */
  errors: ImportError[];
};
export const freshLane = (generation: number): ImportLane => ({ generation, steps: 0, ...nothingWritten, errors: [] });

export const MAX_LANES = 8;
const LANE_BYTES = 1_048_576;
/** A small file is not worth many lanes. */
export const lanesOf = (bytes: number): number => Math.min(MAX_LANES, Math.max(1, Math.ceil(bytes / LANE_BYTES)));

/** The lane of a person (FNV-1a of the id). */
export const laneOf = (profileId: string, lanes: number): number => {
  let hash = 0x811c9dc5;
  for (let n = 0; n < profileId.length; n += 1) hash = Math.imul(hash ^ profileId.charCodeAt(n), 0x01000193);
  return (hash >>> 0) % lanes;
};

/** A line of the errors file. */
export type ImportError = RowProblem & { line: number; excerpt: string };
/** The errors file tells the first so many; all are counted. */
export const MAX_LISTED_ERRORS = 10_000;
/** Of those that a lane finds while it writes. */
export const MAX_LANE_ERRORS = 200;

export type ImportProgress = {
  bytesDone: number;
  bytesTotal: number;
  rows: number;
  refused: number;
  imported: number;
  created: number;
  changed: number;
  unchanged: number;
};

/** What the reading and the lanes come to. A dry run imports nothing. */
export const progressOf = ({ source, reading }: ProfileImport, written: Written): ImportProgress => {
  const { created, changed, unchanged, refused } = written;
  return {
    bytesDone: reading?.bytesDone ?? 0,
    bytesTotal: source?.bytes ?? 0,
    rows: reading?.rows ?? 0,
    refused: (reading?.refused ?? 0) + refused,
    imported: created + changed + unchanged,
    created,
    changed,
    unchanged,
  };
};
