import * as z from 'zod/mini';
import { audienceRef } from '../../audience/audience-ref.ts';
import { attributeName } from '../../audience/profile.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const count = z.int();

const snapshot = z.object({
  id: z.string(),
  version: count,
  audience: audienceRef,
  state: z.enum(['running', 'finished', 'failed']),
  takenMs: count,
  author: z.string(),
  count: z.optional(count),
  files: z.optional(z.array(z.string())),
  reason: z.optional(z.string()),
});
const handler = 'audience/manage-snapshots';

export const routes = [
  {
    operationId: 'takeSnapshot',
    method: 'POST',
    path: '/v1/snapshots',
    summary: 'Freeze who is in a segment, a list or an audience now',
    description: 'Writes files of recipients with their addresses and the named attributes. They are kept for 60 days.',
    handler,
    roles: WRITERS,
    body: z.strictObject({
      audience: audienceRef,
      attributes: z._default(z.array(attributeName).check(z.maxLength(50)), []),
    }),
    example: { audience: { audienceId: '01JXVIP' }, attributes: ['firstName'] },
    create: true,
    success: { status: 201, schema: snapshot, description: 'The snapshot, being taken' },
    errors: ['invalid-reference', 'invalid-segment'],
  },
  {
    operationId: 'listSnapshots',
    method: 'GET',
    path: '/v1/snapshots',
    summary: 'List snapshots, newest first',
    description: 'As they were when somebody last read them by their id.',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(snapshot), description: 'A page of snapshots' },
    errors: [],
  },
  {
    operationId: 'getSnapshot',
    method: 'GET',
    path: '/v1/snapshots/{snapshotId}',
    summary: 'Read a snapshot',
    handler,
    roles: READERS,
    success: {
      status: 200,
      schema: snapshot,
      description: 'The snapshot; with its count and files once it is finished',
    },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
