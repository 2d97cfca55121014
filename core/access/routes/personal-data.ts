import * as z from 'zod/mini';
import { ERASURE_REASONS } from '../../audience/erasure.ts';
import { listQuery, pageOf } from '../page.ts';
import type { Role } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'audience/manage-personal-data';
/**
 * Admins alone: an export puts everything about somebody into one file, and an erasure cannot be taken back. Operators keep
 * the system running, for which they need nobody's data.
 */
const roles = ['admin'] as const satisfies readonly Role[];
const count = z.int();

const personalExport = z.object({
  id: z.string(),
  state: z.enum(['running', 'finished', 'failed']),
  author: z.string(),
  createdMs: count,
  /** Stores that were read, and how many there are. */
  progress: z.object({ done: count, of: count }),
  records: z.optional(count),
  finishedMs: z.optional(count),
  /** Good for an hour. */
  downloadUrl: z.optional(z.string()),
  reason: z.optional(z.string()),
});
const erasure = z.object({
  id: z.string(),
  reason: z.enum(ERASURE_REASONS),
  actor: z.string(),
  requestedMs: count,
  state: z.enum(['running', 'finished']),
  tablesMs: z.optional(count),
  passes: count,
  finishedMs: z.optional(count),
});

/** What Herald holds about one person; a part of the audience's table. */
export const routes = [
  {
    operationId: 'exportPerson',
    method: 'POST',
    path: '/v1/profiles/{profileId}/export',
    summary: 'Export everything about a person',
    description:
      'Gathers what tables and lake hold about the person into one NDJSON file: a first line with `schema`, `profileId`, `ids` and `exportedAt`, then one line `{"store", "record"}` per record. Read how it goes, and where the file is, at `GET /v1/exports/{exportId}`. The file is deleted after a day.',
    handler,
    roles,
    body: z.strictObject({}),
    create: true,
    success: { status: 201, schema: personalExport, description: 'The export, being made' },
    errors: ['not-found', 'person-erased'],
  },
  {
    operationId: 'getExport',
    method: 'GET',
    path: '/v1/exports/{exportId}',
    summary: 'Read how an export of a person goes, and where it is',
    handler,
    roles,
    success: { status: 200, schema: personalExport, description: 'The export; with its address once it is finished' },
    errors: ['not-found'],
  },
  {
    operationId: 'erasePerson',
    method: 'POST',
    path: '/v1/profiles/{profileId}/erase',
    summary: 'Erase a person everywhere',
    description:
      'Removes the person from the tables at once, and from the lake and all files in the daily passes: one removes what it finds, and the erasure is finished when a later one finds nothing. What remains is the erasure itself: a keyed hash, when, why, and who asked. For 30 days after that, events and messages about the person are dropped, and imports and calls that would make the person anew are refused. An erasure that is running is given back as it is; after it is finished a further call begins anew. `anonymous:<id>` erases somebody of whom only an anonymous id is known.',
    handler,
    roles,
    body: z.strictObject({ reason: z.enum(ERASURE_REASONS) }),
    example: { reason: 'person-asked' },
    success: { status: 202, schema: erasure, description: 'The erasure, running' },
    errors: ['not-found', 'state-conflict'],
  },
  {
    operationId: 'getErasure',
    method: 'GET',
    path: '/v1/erasures/{erasureId}',
    summary: 'Read how an erasure goes',
    handler,
    roles,
    success: { status: 200, schema: erasure, description: 'The erasure' },
    errors: ['not-found'],
  },
  {
    operationId: 'listErasures',
    method: 'GET',
    path: '/v1/erasures',
    summary: 'List erasures, in no order',
    handler,
    roles,
    query: listQuery,
    success: { status: 200, schema: pageOf(erasure), description: 'A page of erasures' },
    errors: [],
  },
  {
    operationId: 'runErasures',
    method: 'POST',
    path: '/v1/erasures/run',
    summary: 'Do the next pass over the files now',
    description:
      'What the daily pass does: for everybody who waits together. It takes those whose erasure began 20 minutes ago or earlier.',
    handler,
    roles,
    body: z.strictObject({}),
    success: { status: 202, description: 'The pass has begun' },
    errors: [],
  },
] as const satisfies readonly Route[];
