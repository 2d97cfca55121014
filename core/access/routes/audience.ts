import * as z from 'zod/mini';
import { importMapping } from '../../audience/import-mapping.ts';
import { consentsInput, profileInput } from '../../audience/profile.ts';
import { segment } from '../../audience/segment.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { routes as aliases } from './aliases.ts';

const name = z.string().check(z.minLength(1), z.maxLength(100));
const version = z.int().check(z.minimum(1));
const count = z.int();

const profile = z.object({
  profileId: z.string(),
  version: count,
  updatedMs: count,
  email: z.optional(z.string()),
  phone: z.optional(z.string()),
  pushToken: z.optional(z.string()),
  timeZone: z.optional(z.string()),
  locale: z.optional(z.string()),
  attributes: z.record(z.string(), z.json()),
});
const contact = z.object({
  profileId: z.string(),
  consents: z.record(z.string(), z.boolean()),
  suppressed: z.record(z.string(), z.object({ reason: z.string(), atMs: count })),
  touches: z.array(z.object({ atMs: count })),
});
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
const namedSegment = z.object({
  id: z.string(),
  version: count,
  name: z.string(),
  segment,
  author: z.string(),
  createdMs: count,
});
const snapshot = z.object({
  id: z.string(),
  version: count,
  segmentId: z.string(),
  state: z.enum(['running', 'finished', 'failed']),
  takenMs: count,
  author: z.string(),
  count: z.optional(count),
  files: z.optional(z.array(z.string())),
  reason: z.optional(z.string()),
});

const profiles = 'audience/manage-profiles';
const imports = 'audience/manage-imports';
const segments = 'audience/manage-segments';

const exampleSegment = {
  name: 'Lapsed buyers',
  segment: {
    all: [
      { event: 'purchase', count: { atLeast: 2 } },
      { event: 'purchase', last: { moreThanDaysAgo: 180 } },
      { not: { attribute: 'city', equals: 'Paris' } },
    ],
  },
};

export const routes = [
  {
    operationId: 'putProfile',
    method: 'PUT',
    path: '/v1/profiles/{profileId}',
    summary: 'Make or change a profile',
    description:
      'Merges: fields and attributes that the body does not name stay, those that are null go. `version` grows by one when something changed.',
    handler: profiles,
    roles: WRITERS,
    body: profileInput,
    example: { email: 'ada@example.com', timeZone: 'Europe/Paris', attributes: { firstName: 'Ada', oldField: null } },
    success: { status: 200, schema: profile, description: 'The profile as it now is' },
    errors: ['body-too-large', 'version-conflict'],
  },
  {
    operationId: 'getProfile',
    method: 'GET',
    path: '/v1/profiles/{profileId}',
    summary: 'Read a profile',
    handler: profiles,
    roles: READERS,
    success: { status: 200, schema: profile, description: 'The profile' },
    errors: ['not-found'],
  },
  {
    operationId: 'putConsents',
    method: 'PUT',
    path: '/v1/profiles/{profileId}/consents',
    summary: 'Record what a person agreed to',
    description:
      'Keys are a channel or `channel/topic`; the more specific one counts. False is an unsubscribe. Keys that the body does not name stay. No profile is needed.',
    handler: profiles,
    roles: WRITERS,
    body: z.strictObject({ consents: consentsInput }),
    example: { consents: { sms: true, 'email/offers': false } },
    success: { status: 200, schema: contact, description: 'The contact state as it now is' },
    errors: [],
  },
  {
    operationId: 'getContact',
    method: 'GET',
    path: '/v1/profiles/{profileId}/contact',
    summary: 'Read what the gate knows of a person',
    description: 'Consents, suppressed channels, and the times of the touches that count against the frequency cap.',
    handler: profiles,
    roles: READERS,
    success: { status: 200, schema: contact, description: 'The contact state; empty for somebody unknown' },
    errors: [],
  },
  ...aliases,
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
  {
    operationId: 'createSegment',
    method: 'POST',
    path: '/v1/segments',
    summary: 'Define a segment',
    handler: segments,
    roles: WRITERS,
    body: z.strictObject({ name, segment }),
    example: exampleSegment,
    create: true,
    success: { status: 201, schema: namedSegment, description: 'The segment' },
    errors: [],
  },
  {
    operationId: 'listSegments',
    method: 'GET',
    path: '/v1/segments',
    summary: 'List segments, newest first',
    handler: segments,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(namedSegment), description: 'A page of segments' },
    errors: [],
  },
  {
    operationId: 'getSegment',
    method: 'GET',
    path: '/v1/segments/{segmentId}',
    summary: 'Read a segment',
    handler: segments,
    roles: READERS,
    success: { status: 200, schema: namedSegment, description: 'The segment' },
    errors: ['not-found'],
  },
  {
    operationId: 'updateSegment',
    method: 'PUT',
    path: '/v1/segments/{segmentId}',
    summary: 'Replace a segment',
    description: 'Campaigns that were submitted before keep the rule that was approved.',
    handler: segments,
    roles: WRITERS,
    body: z.strictObject({ name, segment, version }),
    example: { ...exampleSegment, version: 1 },
    success: { status: 200, schema: namedSegment, description: 'The segment as it now is' },
    errors: ['not-found', 'version-conflict'],
  },
  {
    operationId: 'previewSegment',
    method: 'POST',
    path: '/v1/segments/preview',
    summary: 'Count the people of a segment',
    description:
      'Counted exactly, over the profiles and events that are in the lake (about a minute behind). When it takes long, the answer is `{state: "running", previewId}`: send `{previewId}` to the same route to wait on.',
    handler: segments,
    roles: READERS,
    body: z.union([z.strictObject({ segment }), z.strictObject({ previewId: z.string().check(z.maxLength(128)) })]),
    example: { segment: exampleSegment.segment },
    success: {
      status: 200,
      schema: z.union([
        z.object({
          state: z.literal('done'),
          size: count,
          /** People altogether. */
          of: count,
          exact: z.literal(true),
          asOf: z.string(),
          scannedBytes: count,
        }),
        z.object({ state: z.literal('running'), previewId: z.string() }),
      ]),
      description: 'The size, or how to wait for it',
    },
    errors: ['not-found', 'invalid-segment'],
  },
  {
    operationId: 'takeSnapshot',
    method: 'POST',
    path: '/v1/segments/{segmentId}/snapshots',
    summary: 'Freeze who is in a segment now',
    description: 'Writes files of recipients with their addresses and the named attributes. They are kept for 60 days.',
    handler: segments,
    roles: WRITERS,
    body: z.strictObject({
      attributes: z._default(
        z.array(z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/))).check(z.maxLength(50)),
        [],
      ),
    }),
    example: { attributes: ['firstName'] },
    create: true,
    success: { status: 201, schema: snapshot, description: 'The snapshot, being taken' },
    errors: ['not-found'],
  },
  {
    operationId: 'getSnapshot',
    method: 'GET',
    path: '/v1/snapshots/{snapshotId}',
    summary: 'Read a snapshot',
    handler: segments,
    roles: READERS,
    success: {
      status: 200,
      schema: snapshot,
      description: 'The snapshot; with its count and files once it is finished',
    },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
