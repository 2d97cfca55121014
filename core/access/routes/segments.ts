import * as z from 'zod/mini';
import { segment } from '../../audience/segment.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const name = z.string().check(z.minLength(1), z.maxLength(100));
const version = z.int().check(z.minimum(1));
const count = z.int();

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
    errors: ['invalid-reference', 'invalid-segment'],
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
    errors: ['not-found', 'version-conflict', 'invalid-reference', 'invalid-segment'],
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
    errors: ['not-found', 'invalid-reference', 'invalid-segment'],
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
    errors: ['not-found', 'invalid-reference', 'invalid-segment'],
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
