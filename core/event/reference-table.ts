import * as z from 'zod/mini';
import type { ProblemType } from '../access/problems.ts';
import { attributeName } from '../audience/profile.ts';
import { isPlainText, type Scalar } from '../audience/question.ts';
import { referenceKey } from './evaluate.ts';

/** What a column holds. */
export const COLUMN_TYPES = ['text', 'number', 'boolean'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

const MAX_COLUMNS = 50;

/** A table that events only name rows of, for example products by SKU: what a condition asks need not travel with events. */
export const referenceTableInput = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  columns: z
    .record(attributeName, z.enum(COLUMN_TYPES))
    .check(
      z.refine(
        (columns) => Object.keys(columns).length >= 1 && Object.keys(columns).length <= MAX_COLUMNS,
        `A table has 1 to ${MAX_COLUMNS} columns`,
      ),
    ),
});
export type ReferenceTableInput = z.infer<typeof referenceTableInput>;

/** Definition of kind `reference-table`. Its rows are items of their own (lambdas/adapters/references.ts). */
export type ReferenceTable = ReferenceTableInput & { id: string; version: number; author: string; createdMs: number };

export type TableDecision =
  | { kind: 'save'; table: ReferenceTable }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

/**
 * The table after a change, or its beginning. Columns are only added: rows that are there, and triggers that ask about
 * them, stay valid.
 */
export const changedTable = (
  id: string,
  current: ReferenceTable | undefined,
  { name, columns }: ReferenceTableInput,
  actor: string,
  nowMs: number,
): TableDecision => {
  if (!current) return { kind: 'save', table: { id, version: 1, name, columns, author: actor, createdMs: nowMs } };
  for (const [column, type] of Object.entries(current.columns)) {
    const wanted = Object.hasOwn(columns, column) ? columns[column] : undefined;
    if (wanted === type) continue;
    const detail = wanted
      ? `The column ${column} holds ${type}; make another column for ${wanted}`
      : `The column ${column} cannot be removed`;
    return { kind: 'refuse', problem: 'state-conflict', detail };
  }
  return { kind: 'save', table: { ...current, version: current.version + 1, name, columns } };
};

/** The whole row with this key: `values` replace what was there, `remove` takes it out. */
export const rowInput = z.union([
  z.strictObject({ key: z.string(), values: z.record(z.string(), z.unknown()) }),
  z.strictObject({ key: z.string(), remove: z.literal(true) }),
]);
export type RowInput = z.infer<typeof rowInput>;
export const MAX_ROWS_PER_CALL = 100;
/** JSON bytes of a row with its key: an event may need several rows, and a worker remembers thousands. */
export const MAX_ROW_BYTES = 4_096;

export const ROW_REFUSALS = ['invalid-key', 'unknown-column', 'wrong-type', 'ill-formed-text', 'too-large'] as const;
export type RowRefusal = { reason: (typeof ROW_REFUSALS)[number]; path: string; message: string };
/** `values` undefined: there shall be no such row. */
export type Row = { key: string; values: Record<string, Scalar> | undefined };

/** What to write, or the first thing that is wrong. A column that the row does not name is missing for conditions. */
export const judgeRow = (
  { columns }: Pick<ReferenceTable, 'columns'>,
  input: RowInput,
): Row | { refusal: RowRefusal } => {
  const { key } = input;
  if (referenceKey(key) === undefined || !isPlainText(key)) {
    return refuse('invalid-key', 'key', 'A key has 1 to 256 characters, no NUL and no lone surrogates');
  }
  if ('remove' in input) return { key, values: undefined };
  for (const [column, value] of Object.entries(input.values)) {
    const path = `values.${column.slice(0, 64).toWellFormed()}`;
    const type = Object.hasOwn(columns, column) ? columns[column] : undefined;
    if (!type) return refuse('unknown-column', path, 'The table has no such column');
    if (!isOf(type, value)) return refuse('wrong-type', path, `The column holds ${type}`);
    if (typeof value === 'string' && !isPlainText(value)) {
      return refuse('ill-formed-text', path, 'NUL and lone surrogates are not text');
    }
  }
  const bytes = new TextEncoder().encode(JSON.stringify(input)).length;
  if (bytes > MAX_ROW_BYTES)
    return refuse('too-large', '', `${bytes} bytes of JSON; a row has at most ${MAX_ROW_BYTES}`);
  return { key, values: input.values as Record<string, Scalar> };
};

const isOf = (type: ColumnType, value: unknown): boolean =>
  type === 'number' ? Number.isFinite(value) : typeof value === (type === 'text' ? 'string' : type);

const refuse = (reason: RowRefusal['reason'], path: string, message: string) => ({
  refusal: { reason, path, message },
});
