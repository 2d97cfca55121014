import * as z from 'zod/mini';
import { REFRESHES } from '../../audience/live/live-segment.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const count = z.int();
const handler = 'audience/manage-live-segments';

const liveView = z.object({
  segmentId: z.string(),
  name: z.string(),
  version: count,
  state: z.enum(['starting', 'filling', 'live', 'off']),
  refresh: z.enum(REFRESHES),
  announceFirst: z.boolean(),
  reacts: z.enum(['at once', 'on schedule']),
  /** Why it does not react at once: the conditions that keep it from that. Empty when it does. */
  because: z.array(z.string()),
  nextRefreshMs: count,
  problem: z.optional(z.string()),
});
const member = z.object({ profileId: z.string(), sinceMs: count });
const membership = z.object({ segmentId: z.string(), name: z.string(), sinceMs: count });

export const routes = [
  {
    operationId: 'goLive',
    method: 'PUT',
    path: '/v1/segments/{segmentId}/live',
    summary: 'Keep the members of a segment up to date',
    description:
      'Entering and leaving become the events `herald.segment.entered` and `herald.segment.left`, with the properties `segmentId` and `segment` (its name). A segment whose conditions can be decided from a profile, consents, lists and at most 31 days of events reacts at once; `because` says what keeps another from that. Every segment is corrected hourly or daily. Those who are in it already enter silently, unless `announceFirst` is true. A changed rule is in force with the next refresh, or when this is called again.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ refresh: z.enum(REFRESHES), announceFirst: z._default(z.boolean(), false) }),
    example: { refresh: 'hourly' },
    success: { status: 200, schema: liveView, description: 'How it reacts' },
    errors: ['not-found', 'invalid-reference', 'invalid-segment', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'getLive',
    method: 'GET',
    path: '/v1/segments/{segmentId}/live',
    summary: 'Read how a live segment is kept up to date',
    handler,
    roles: READERS,
    description: 'The size is counted, about a second behind the last change.',
    success: { status: 200, schema: z.extend(liveView, { size: count }), description: 'Its state and its size' },
    errors: ['not-found'],
  },
  {
    operationId: 'endLive',
    method: 'DELETE',
    path: '/v1/segments/{segmentId}/live',
    summary: 'Keep the members of a segment up to date no longer',
    description: 'Nobody enters or leaves from some seconds later on. Its members stay as they were.',
    handler,
    roles: WRITERS,
    success: { status: 204, description: 'It is off' },
    errors: ['not-found', 'version-conflict'],
  },
  {
    operationId: 'listSegmentMembers',
    method: 'GET',
    path: '/v1/segments/{segmentId}/members',
    summary: 'List the members of a live segment, by id',
    description: 'About a second behind. Only a segment that is live, or was, has members to list.',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(member), description: 'A page of members' },
    errors: ['not-found'],
  },
  {
    operationId: 'segmentsOfProfile',
    method: 'GET',
    path: '/v1/profiles/{profileId}/segments',
    summary: 'List the live segments that a person is in',
    handler,
    roles: READERS,
    success: {
      status: 200,
      schema: z.object({ items: z.array(membership) }),
      description: 'Segments, with since when',
    },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
