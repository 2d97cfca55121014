import * as z from 'zod/mini';
import { importMapping } from '../../audience/import-mapping.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const name = z.string().check(z.minLength(1), z.maxLength(100));
const count = z.int();

const profileImport = z.object({
  id: z.string(),
  version: count,
  name: z.string(),
  mapping: z.record(z.string(), z.string()),
  delimiter: z.string(),
  state: z.enum(['created', 'running', 'finished', 'failed']),
  author: z.string(),
  createdMs: count,
  progress: z.object({ bytesDone: count, bytesTotal: count, rows: count, imported: count, refused: count }),
  finishedMs: z.optional(count),
  reason: z.optional(z.string()),
  errorsUrl: z.optional(z.string()),
});
const imports = 'audience/manage-imports';

export const routes = [
  {
    operationId: 'createImport',
    method: 'POST',
    path: '/v1/imports',
    summary: 'Prepare a CSV import of profiles',
    description:
      '`mapping` says which column becomes what: `profileId` (one column must), `email`, `phone`, `pushToken`, `timeZone`, `locale`, `attributes.<name>` with `:string`, `:number` or `:boolean`, `consent.<channel>` or `consent.<channel>/<topic>` (yes or no). Then PUT the file (UTF-8, header first) to `uploadUrl` within an hour, and start the import. Blank cells change nothing. A yes in the file never undoes an unsubscribe; a no always counts. Of rows about one person the last wins.',
    handler: imports,
    roles: WRITERS,
    body: z.strictObject({ name, mapping: importMapping, delimiter: z._default(z.enum([',', ';', '\t', '|']), ',') }),
    example: {
      name: 'Customers',
      mapping: { customer: 'profileId', mail: 'email', age: 'attributes.age:number', news: 'consent.email/news' },
    },
    create: true,
    success: {
      status: 201,
      schema: z.extend(profileImport, { uploadUrl: z.string() }),
      description: 'The import, and where its file goes',
    },
    errors: [],
  },
  {
    operationId: 'startImport',
    method: 'POST',
    path: '/v1/imports/{importId}/start',
    summary: 'Start an import whose file is uploaded',
    description: 'One that failed goes on where it stopped, or begins again when another file was uploaded.',
    handler: imports,
    roles: WRITERS,
    body: z.strictObject({}),
    success: { status: 200, schema: profileImport, description: 'The import, running' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'getImport',
    method: 'GET',
    path: '/v1/imports/{importId}',
    summary: 'Read how an import goes',
    description:
      '`errorsUrl` (an hour) gives the refused rows, one JSON object a line: line, column, message, excerpt.',
    handler: imports,
    roles: READERS,
    success: { status: 200, schema: profileImport, description: 'The import' },
    errors: ['not-found'],
  },
  {
    operationId: 'listImports',
    method: 'GET',
    path: '/v1/imports',
    summary: 'List imports, newest first',
    handler: imports,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(profileImport), description: 'A page of imports' },
    errors: [],
  },
] as const satisfies readonly Route[];
