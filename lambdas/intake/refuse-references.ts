import type { PlacedLeaf } from '../../core/event/condition-tree.ts';
import type { ReferenceTable } from '../../core/event/reference-table.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { Problem } from '../middleware/problem.ts';

/** Throws 422 when conditions ask a reference table or a column that there is not: they could never hold. */
export const refuseReferences = async (defs: Definitions, leaves: readonly PlacedLeaf[]): Promise<void> => {
  const asked = leaves.flatMap(({ leaf, path }) => ('reference' in leaf ? [{ ...leaf, path }] : []));
  const tables = new Map<string, ReferenceTable | undefined>();
  for (const id of new Set(asked.map(({ reference }) => reference))) {
    tables.set(id, (await defs.get<ReferenceTable>('reference-table', id))?.body);
  }
  const errors = asked.flatMap(({ reference, column, path }) => {
    const table = tables.get(reference);
    if (!table) return [{ path, message: `There is no reference table ${reference}` }];
    return Object.hasOwn(table.columns, column)
      ? []
      : [{ path, message: `The reference table ${reference} has no column ${column}` }];
  });
  const [first] = errors;
  if (first) throw new Problem('invalid-reference', first.message, { errors });
};
