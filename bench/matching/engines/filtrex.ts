import { compileExpression } from 'filtrex';
import type { BenchLeaf } from '../rule.ts';
import { eachRule } from './each-rule.ts';
import { writtenAs } from './written-as.ts';

const OPERATORS = { gt: '>', gte: '>=', lt: '<', lte: '<=' };

const leaf = (it: BenchLeaf): string => {
  const field = `'${it.f}'`;
  if (it.op === 'exists') return `not isMissing(${field})`;
  if (it.op === 'missing') return `isMissing(${field})`;
  if (it.op === 'prefix') return `startsWith(${field}, ${JSON.stringify(it.v)})`;
  if (it.op === 'in') return `isOneOf(${field}, ${it.v.map((value) => JSON.stringify(value)).join(', ')})`;
  // Filtrex has no boolean literals, and its own == is for numbers and texts of the same type only.
  if (typeof it.v === 'boolean') return `${it.v === (it.op === 'eq') ? '' : 'not '}isTrue(${field})`;
  if (it.op === 'eq') return `isSame(${field}, ${JSON.stringify(it.v)})`;
  if (it.op === 'ne') return `not isSame(${field}, ${JSON.stringify(it.v)})`;
  return `${field} ${OPERATORS[it.op]} ${it.v}`;
};

const paths = new Map<string, string[]>();
const valueAt = (path: string, document: unknown): unknown => {
  const names = paths.get(path) ?? path.split('.');
  paths.set(path, names);
  let value = document;
  for (const name of names) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return value;
};

const options = {
  extraFunctions: {
    isMissing: (value: unknown) => value === undefined || value === null,
    startsWith: (value: unknown, prefix: string) => typeof value === 'string' && value.startsWith(prefix),
    isOneOf: (value: unknown, ...wanted: unknown[]) => wanted.includes(value),
    isTrue: (value: unknown) => value === true,
    isSame: (value: unknown, wanted: unknown) => value === wanted,
  },
  customProp: (name: string, _get: unknown, document: unknown) => valueAt(name, document),
};

/** Expressions as a user writes them, compiled to functions. */
export const engine = eachRule((condition) =>
  compileExpression(
    writtenAs<string>(condition, {
      leaf,
      all: (parts) => `(${parts.join(' and ')})`,
      any: (parts) => `(${parts.join(' or ')})`,
    }),
    options,
  ),
);
