import * as z from 'zod/mini';
import { segment } from '../../audience/segment.ts';
import { APPROVABLE_KINDS } from '../../strategy/approval/approval-settings.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { approval, expirySeconds, pastSubmission } from './approval-views.ts';

const handler = 'strategy/manage-approvals';
const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));
const comment = z.string().check(z.maxLength(2_000));
const onBehalfOf = z.optional(text(128));
const change = z.object({
  path: z.string(),
  before: z.optional(z.json()),
  after: z.optional(z.json()),
  lines: z.optional(z.array(z.object({ line: z.int(), removed: z.array(z.string()), added: z.array(z.string()) }))),
});
export const approve = z.strictObject({
  comment: z.optional(comment),
  hash: z.optional(z.string()),
  level: z.optional(z.int().check(z.minimum(0))),
  onBehalfOf,
});
export const reject = z.strictObject({
  comment: comment.check(z.regex(/\S/, 'Say why')),
  hash: z.optional(z.string()),
  onBehalfOf,
});
export const revoke = z.strictObject({ reason: comment.check(z.regex(/\S/, 'Say why')) });
export const compared = z.strictObject({ from: z.optional(text(64)), to: z.optional(text(64)) });
export const diff = z.object({ from: z.nullable(z.string()), to: z.string(), changes: z.array(change) });
/** What was submitted, of whatever kind. */
const submitted = z
  .object({
    ...{ kind: z.enum(APPROVABLE_KINDS), id: z.string(), name: z.string(), version: z.int(), state: z.string() },
    approval: z.optional(approval),
  })
  .register(z.globalRegistry, { id: 'SubmittedThing' });

export const DECIDED = [
  'own-approval',
  'not-found',
  'state-conflict',
  'version-conflict',
  'already-decided',
  'approval-not-ready',
] as const;

const segmentChange = z
  .object({
    ...{ id: z.string(), version: z.int(), name: z.string(), author: z.string(), editors: z.array(z.string()) },
    state: z.enum(['draft', 'in review', 'approved', 'rejected', 'in force']),
    segmentVersion: z.int(),
    segment,
    plans: z.array(z.object({ kind: z.enum(['journey', 'trigger']), id: z.string(), name: z.string() })),
    approval: z.optional(approval),
    history: z.optional(z.array(pastSubmission)),
  })
  .register(z.globalRegistry, { id: 'SegmentChange' });

/** Calls that are alike for every kind of thing, and the submission of what has no other way into force. */
export const routes = [
  {
    operationId: 'submitSegment',
    method: 'POST',
    path: '/v1/segments/{segmentId}/submit',
    summary: 'Ask for approval of another rule for a segment that plans in force listen to',
    description:
      'While a trigger or a journey that is in force, in review or approved listens to the segment, `updateSegment` answers `in-use`. This keeps the new rule apart, and lists the `plans` that would hear it: when everybody whom the settings ask has said yes (`POST /v1/approvals/segment/{segmentId}/approve`), the segment has it, and what is live follows as after any edit. The same rule again changes nothing, another one takes the place of the one that waits; once the segment was edited otherwise it is approved no more.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ version: z.int().check(z.minimum(1)), segment, expirySeconds }),
    example: { version: 1, segment: { attribute: 'city', equals: 'Paris' } },
    success: { status: 200, schema: segmentChange, description: 'What waits for approval' },
    errors: ['not-found', 'version-conflict', 'state-conflict', 'invalid-reference', 'invalid-segment', 'no-approver'],
  },
  {
    operationId: 'getSubmission',
    method: 'GET',
    path: '/v1/approvals/{kind}/{thingId}',
    summary: 'Read how the approval of a thing stands',
    description:
      'Its last submission, whatever has become of it: who has said what, which level waits, and, where it is approved and cannot be put in force, `notInForce` with the reason.',
    handler,
    roles: READERS,
    success: { status: 200, schema: submitted, description: 'What was submitted; without `approval` when nothing was' },
    errors: ['not-found'],
  },
  {
    operationId: 'approveSubmission',
    method: 'POST',
    path: '/v1/approvals/{kind}/{thingId}/approve',
    summary: 'Approve what was submitted, of whatever kind',
    description:
      'As `approveCampaign` says. After the last level it is put in force within seconds: a journey is published with the choice of its submission for those inside, a trigger activated.',
    handler,
    roles: READERS,
    body: approve,
    example: { comment: 'Good to go', level: 0 },
    success: { status: 200, schema: submitted, description: 'What was submitted: approved, or waiting for others' },
    errors: DECIDED,
  },
  {
    operationId: 'rejectSubmission',
    method: 'POST',
    path: '/v1/approvals/{kind}/{thingId}/reject',
    summary: 'Reject what was submitted, of whatever kind, and say why',
    description: 'One no is enough, at the level that waits. What is in force stays so.',
    handler,
    roles: READERS,
    body: reject,
    example: { comment: 'The second message comes too soon' },
    success: { status: 200, schema: submitted, description: 'What was rejected' },
    errors: DECIDED,
  },
  {
    operationId: 'revokeApproval',
    method: 'POST',
    path: '/v1/approvals/{kind}/{thingId}/revoke',
    summary: 'Take an approval back, of whatever kind',
    description:
      'By who gave it, an approver, or an operator. In review it is rejected. Approved and not in force yet, it never is. In force a campaign is cancelled, a journey stopped for good, a trigger sends nothing until an edit of it is approved. Repeating it is harmless.',
    handler,
    roles: READERS,
    body: revoke,
    example: { reason: 'The price in the email is wrong' },
    success: { status: 200, schema: submitted, description: 'What nobody approves any more' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'diffSubmission',
    method: 'GET',
    path: '/v1/approvals/{kind}/{thingId}/diff',
    summary: 'Read what has changed between two submissions of a thing',
    description:
      'As `diffCampaign`: of a journey its nodes with what their messages say, of a trigger its events, conditions and message.',
    handler,
    roles: READERS,
    query: compared,
    success: { status: 200, schema: diff, description: 'Each field that differs' },
    errors: ['not-found', 'state-conflict'],
  },
] as const satisfies readonly Route[];
