import * as z from 'zod/mini';
import { fileForm } from '../../audience/import-form.ts';
import { importMapping } from '../../audience/import-mapping.ts';
import { IMPORT_STATES } from '../../audience/import-states.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const name = z.string().check(z.minLength(1), z.maxLength(100));
const count = z.int();
/** Intl knows the names of all countries; the phone library has too many bytes for every handler that has routes. */
const regions = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
const country = z.string().check(
  z.regex(/^[A-Z]{2}$/, 'ISO 3166-1 alpha-2, such as FR'),
  z.refine((code) => !/^[A-Z]{2}$/.test(code) || regions.of(code) !== undefined, 'No country has this code'),
);
const options = {
  mapping: z.optional(importMapping),
  defaultCountry: z.optional(country),
  file: z.optional(z.partial(fileForm)),
};

const error = z.object({
  line: count,
  column: z.string(),
  value: z.optional(z.string()),
  message: z.string(),
  excerpt: z.string(),
});
const profileImport = z.object({
  id: z.string(),
  version: count,
  name: z.string(),
  mapping: z.optional(z.record(z.string(), z.union([z.string(), z.array(z.string())]))),
  defaultCountry: z.optional(z.string()),
  file: z.partial(fileForm),
  state: z.enum(IMPORT_STATES),
  author: z.string(),
  createdMs: count,
  progress: z.object({
    bytesDone: count,
    bytesTotal: count,
    rows: count,
    refused: count,
    imported: count,
    created: count,
    changed: count,
    unchanged: count,
  }),
  check: z.optional(
    z.object({
      rowLimit: z.optional(count),
      errors: z.array(error),
      sample: z.array(
        z.object({
          profileId: z.string(),
          outcome: z.enum(['create', 'change', 'unchanged']),
          changes: z.array(z.string()),
        }),
      ),
    }),
  ),
  finishedMs: z.optional(count),
  reason: z.optional(z.string()),
  errorsUrl: z.optional(z.string()),
});
const upload = z.object({ url: z.string(), fields: z.record(z.string(), z.string()) });
const handler = 'audience/manage-imports';
const changes = ['not-found', 'state-conflict', 'version-conflict'] as const;
const importAnswer = (description: string) => ({ status: 200, schema: profileImport, description }) as const;

export const routes = [
  {
    operationId: 'createImport',
    method: 'POST',
    path: '/v1/imports',
    summary: 'Prepare an import of profiles from a CSV or NDJSON file',
    description:
      'Then POST the file to `upload.url` within an hour, as multipart/form-data with `upload.fields` and the file as the last field, `file` (5 GiB at most); inspect it; give the import its mapping; check it; start it. `mapping` says which column, or path, becomes what: `profileId` (one must), `email`, `phone`, `pushToken`, `wechatOpenId`, `timeZone`, `locale`, `attributes.<name>` with `:string`, `:number` or `:boolean`, `consent.<channel>` or `consent.<channel>/<topic>` (yes or no), `unsubscribed` or `unsubscribed.<channel>` (yes, or since when). What `file` does not say about format, encoding, delimiter and header is detected. `defaultCountry` is that of phone numbers without a country code. Blank cells change nothing. A yes in the file never undoes an unsubscribe; a no always counts. Of rows about one person the last wins.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ name, ...options }),
    example: {
      name: 'Customers',
      mapping: { customer: 'profileId', mail: 'email', age: 'attributes.age:number', news: 'consent.email/news' },
      defaultCountry: 'FR',
    },
    create: true,
    success: {
      status: 201,
      schema: z.extend(profileImport, { upload }),
      description: 'The import, and where its file goes',
    },
    errors: [],
  },
  {
    operationId: 'changeImport',
    method: 'PUT',
    path: '/v1/imports/{importId}',
    summary: 'Change what is to be imported, and how',
    description: 'Replaces mapping, country and form of the file; a dry run has to be made again. Not while it runs.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ name, ...options }),
    example: { name: 'Customers', mapping: { customer: 'profileId', mail: 'email', left: 'unsubscribed' } },
    success: importAnswer('The import as it is now'),
    errors: changes,
  },
  {
    operationId: 'renewImportUpload',
    method: 'POST',
    path: '/v1/imports/{importId}/upload',
    summary: 'Get another hour to upload the file, or a new one in its place',
    handler,
    roles: WRITERS,
    body: z.strictObject({}),
    success: { status: 200, schema: z.object({ upload }), description: 'Where the file goes' },
    errors: ['not-found', 'state-conflict'],
  },
  {
    operationId: 'inspectImport',
    method: 'GET',
    path: '/v1/imports/{importId}/inspection',
    summary: 'See what the uploaded file looks like, and a mapping to begin with',
    description:
      'Nothing is changed. `columns` tells the values of the first rows; of NDJSON every path. `mapping` is proposed by the names of columns in common languages, and by what is in them.',
    handler,
    roles: READERS,
    success: {
      status: 200,
      schema: z.object({
        file: fileForm,
        bytes: count,
        columns: z.array(z.object({ name: z.string(), values: z.array(z.unknown()) })),
        mapping: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
      }),
      description: 'What the file is',
    },
    errors: ['not-found', 'state-conflict', 'unusable-file'],
  },
  {
    operationId: 'checkImport',
    method: 'POST',
    path: '/v1/imports/{importId}/check',
    summary: 'Dry run: find what would be refused and what would change',
    description:
      'Reads the whole file, or its first `rows`, and changes no profile and no consent. When the state is `checked`, `progress` has the counts, `check.errors` the first errors (`errorsUrl` more of them), and `check.sample` what would become of the first people.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ rows: z.optional(z.int().check(z.minimum(1), z.maximum(100_000_000))) }),
    example: { rows: 1000 },
    success: importAnswer('The import, being checked'),
    errors: [...changes, 'unusable-file'],
  },
  {
    operationId: 'startImport',
    method: 'POST',
    path: '/v1/imports/{importId}/start',
    summary: 'Start an import whose file is uploaded',
    description: 'One that failed goes on where it stopped, or begins again when another file was uploaded.',
    handler,
    roles: WRITERS,
    body: z.strictObject({}),
    success: importAnswer('The import, running'),
    errors: [...changes, 'unusable-file'],
  },
  {
    operationId: 'pauseImport',
    method: 'POST',
    path: '/v1/imports/{importId}/pause',
    summary: 'Stop an import for now',
    description: 'What is being written at this moment, a few thousand rows, is still written.',
    handler,
    roles: WRITERS,
    body: z.strictObject({}),
    success: importAnswer('The import, paused'),
    errors: changes,
  },
  {
    operationId: 'resumeImport',
    method: 'POST',
    path: '/v1/imports/{importId}/resume',
    summary: 'Go on with a paused import where it stopped',
    handler,
    roles: WRITERS,
    body: z.strictObject({}),
    success: importAnswer('The import, running'),
    errors: changes,
  },
  {
    operationId: 'cancelImport',
    method: 'POST',
    path: '/v1/imports/{importId}/cancel',
    summary: 'Stop an import for good',
    description: 'What is written stays.',
    handler,
    roles: WRITERS,
    body: z.strictObject({}),
    success: importAnswer('The import, cancelled'),
    errors: changes,
  },
  {
    operationId: 'getImport',
    method: 'GET',
    path: '/v1/imports/{importId}',
    summary: 'Read how an import goes',
    description:
      'First the file is read: `bytesDone`, `rows` and `refused` grow. Then rows are written: `imported` grows, which is `created`, `changed` and `unchanged`, counted by what became of the profile. At the end `rows` is `imported` and `refused`. `errorsUrl` (an hour) gives the first 10,000 errors, one JSON object a line: line, column, value, message, excerpt.',
    handler,
    roles: READERS,
    success: importAnswer('The import'),
    errors: ['not-found'],
  },
  {
    operationId: 'listImports',
    method: 'GET',
    path: '/v1/imports',
    summary: 'List imports, newest first',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(profileImport), description: 'A page of imports' },
    errors: [],
  },
] as const satisfies readonly Route[];
