import * as z from 'zod/mini';
import { MAX_ROWS_PER_CALL, ROW_REFUSALS, referenceTableInput, rowInput } from '../../event/reference-table.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'intake/manage-reference-tables';

const referenceTable = z.extend(referenceTableInput, {
  id: z.string(),
  version: z.int(),
  author: z.string(),
  createdMs: z.int(),
});

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const rowResult = z.object({
  index: z.int(),
  key: z.string(),
  status: z.enum(['accepted', 'refused']),
  reason: z.optional(z.enum(ROW_REFUSALS)),
  path: z.optional(z.string()),
  message: z.optional(z.string()),
});

const exampleColumns = { name: 'Products', columns: { margin: 'number', brand: 'text', returnable: 'boolean' } };

/** Routes of intake that are about reference tables. */
export const routes = [
  {
    operationId: 'putReferenceTable',
    method: 'PUT',
    path: '/v1/reference-tables/{tableId}',
    summary: 'Register a reference table, or change it',
    description:
      'Conditions of triggers can ask about its columns, in the row that a property of the event names. Its id has 1 to 40 lower-case letters, digits and hyphens and begins with a letter. `version` is the one that you have read; 0 makes a new table. Columns can be added, but not removed or made another type.',
    handler,
    roles: WRITERS,
    body: z.extend(referenceTableInput, { version: z.int().check(z.minimum(0)) }),
    example: { ...exampleColumns, version: 0 },
    success: { status: 200, schema: referenceTable, description: 'The table' },
    errors: ['version-conflict', 'state-conflict'],
  },
  {
    operationId: 'listReferenceTables',
    method: 'GET',
    path: '/v1/reference-tables',
    summary: 'List reference tables by id',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(referenceTable), description: 'A page of tables, without rows' },
    errors: [],
  },
  {
    operationId: 'getReferenceTable',
    method: 'GET',
    path: '/v1/reference-tables/{tableId}',
    summary: 'Read a reference table, without its rows',
    handler,
    roles: READERS,
    success: { status: 200, schema: referenceTable, description: 'The table' },
    errors: ['not-found'],
  },
  {
    operationId: 'writeReferenceRows',
    method: 'POST',
    path: '/v1/reference-tables/{tableId}/rows',
    summary: 'Write or remove 1 to 100 rows',
    description:
      'Each row is accepted or refused on its own, with a reason. `values` replace the whole row with that key; a column that they leave out is missing. Of two writes to a key the last one wins, also within a call. A row has at most 4 KB. A change acts within a minute, and repeating a call changes no row. The audit log has one entry per call.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ rows: z.array(rowInput).check(z.minLength(1), z.maxLength(MAX_ROWS_PER_CALL)) }),
    example: {
      rows: [
        { key: 'SKU-1001', values: { margin: 12.5, brand: 'Acme', returnable: true } },
        { key: 'SKU-0999', remove: true },
      ],
    },
    success: {
      status: 200,
      schema: z.object({ accepted: z.int(), refused: z.int(), results: z.array(rowResult) }),
      description: 'What became of each row, in order',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'getReferenceRow',
    method: 'GET',
    path: '/v1/reference-tables/{tableId}/rows/{key}',
    summary: 'Read a row',
    description: 'As it is now. API Gateway decodes paths, so a row whose key has a slash cannot be read by this call.',
    handler,
    roles: READERS,
    success: {
      status: 200,
      schema: z.object({ key: z.string(), values: z.record(z.string(), scalar) }),
      description: 'The row',
    },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
