import * as z from 'zod/mini';
import { listQuery, pageOf, pageQuery } from '../page.ts';
import { READERS } from '../role.ts';
import type { Route } from '../route.ts';

const source = z.object({
  id: z.string(),
  name: z.string(),
  eventsPerSecond: z.number(),
  createdBy: z.string(),
  createdMs: z.int(),
  revokedMs: z.optional(z.int()),
});

const auditEntry = z.object({
  /** `<kind>/<id>` */
  subject: z.string(),
  action: z.string(),
  actor: z.string(),
  atMs: z.int(),
  version: z.int(),
  detail: z.string(),
});

export const routes = [
  {
    operationId: 'createSource',
    method: 'POST',
    path: '/v1/sources',
    summary: 'Connect an app that sends events',
    description:
      'The answer holds the API key. It is shown this once: only its hash is stored, which is why this call takes no `Idempotency-Key`. Revoke a source whose key was lost and make a new one.',
    handler: 'access/manage-sources',
    roles: ['admin'],
    body: z.strictObject({
      name: z.string().check(z.minLength(1), z.maxLength(100)),
      eventsPerSecond: z._default(z.int().check(z.minimum(1), z.maximum(1_000_000)), 1_000),
    }),
    example: { name: 'Web shop', eventsPerSecond: 500 },
    success: {
      status: 201,
      schema: z.extend(source, { apiKey: z.string() }),
      description: 'The source with its API key',
    },
    errors: [],
  },
  {
    operationId: 'listSources',
    method: 'GET',
    path: '/v1/sources',
    summary: 'List sources, newest first',
    handler: 'access/manage-sources',
    roles: ['admin', 'operator'],
    query: listQuery,
    success: { status: 200, schema: pageOf(source), description: 'A page of sources, without keys' },
    errors: [],
  },
  {
    operationId: 'revokeSource',
    method: 'DELETE',
    path: '/v1/sources/{sourceId}',
    summary: 'Refuse a source from now on',
    description: 'Its key stops to work within a minute. Revoking it again changes nothing.',
    handler: 'access/manage-sources',
    roles: ['admin'],
    success: { status: 200, schema: source, description: 'The revoked source' },
    errors: ['not-found', 'version-conflict'],
  },
  {
    operationId: 'listAudit',
    method: 'GET',
    path: '/v1/audit',
    summary: 'Who changed what, newest first',
    description: 'Of one `subject` (`campaign/01JD…`), or of one `day` (UTC): give exactly one of them.',
    handler: 'access/read-audit',
    roles: READERS,
    query: z
      .strictObject({
        ...pageQuery,
        cursor: z.optional(
          z.string().check(z.maxLength(300), z.regex(/^.+\|\d{14}#.+$/s, 'Not a cursor of this list')),
        ),
        subject: z.optional(z.string().check(z.regex(/^[a-z-]+\/.{1,200}$/))),
        day: z.optional(z.iso.date()),
      })
      .check(z.refine(({ subject, day }) => (subject === undefined) !== (day === undefined), 'Give subject or day')),
    success: { status: 200, schema: pageOf(auditEntry), description: 'A page of audit entries' },
    errors: [],
  },
  {
    operationId: 'getOpenApi',
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'Read this description of the API',
    handler: 'access/serve-openapi',
    roles: 'public',
    success: { status: 200, schema: z.record(z.string(), z.unknown()), description: 'An OpenAPI 3.1 document' },
    errors: [],
  },
] as const satisfies readonly Route[];
