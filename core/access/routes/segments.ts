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
  /** What it asks, in English. */
  text: z.string(),
  author: z.string(),
  createdMs: count,
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
    operationId: 'getSegmentSchema',
    method: 'GET',
    path: '/v1/segments/schema',
    summary: 'Read the segment language as a JSON Schema',
    description:
      'Draft 2020-12, for builders of segments and for editors. It does not say how large a whole segment may be.',
    handler: segments,
    roles: READERS,
    success: {
      status: 200,
      schema: z.looseObject({ $schema: z.string(), title: z.string() }),
      description: 'The JSON Schema',
    },
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
    description:
      'Campaigns that were submitted before keep the rule that was approved. While a trigger or a journey that is in force, in review or approved listens to the segment, directly or by another segment, its rule is not changed (`in-use`), for others approve what it says: `submitSegment` asks them.',
    handler: segments,
    roles: WRITERS,
    body: z.strictObject({ name, segment, version }),
    example: { ...exampleSegment, version: 1 },
    success: { status: 200, schema: namedSegment, description: 'The segment as it now is' },
    errors: ['not-found', 'version-conflict', 'in-use', 'invalid-reference', 'invalid-segment'],
  },
] as const satisfies readonly Route[];
