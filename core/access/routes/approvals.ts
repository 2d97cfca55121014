import * as z from 'zod/mini';
import { APPROVABLE_KINDS, approvalSettingsInput } from '../../strategy/approval/approval-settings.ts';
import { preFlight } from '../../strategy/pre-flight/pre-flight.ts';
import { OPERATORS, READERS, ROLES } from '../role.ts';
import type { Route } from '../route.ts';
import { approval } from './approval-views.ts';
import { campaign } from './campaign-view.ts';
import { approve, compared, DECIDED, diff, reject, revoke, routes as submissions } from './submissions.ts';

const handler = 'strategy/manage-approvals';
const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));
const settings = z.extend(approvalSettingsInput, { version: z.int() });

const waiting = z
  .object({
    kind: z.enum(APPROVABLE_KINDS),
    id: z.string(),
    name: z.string(),
    version: z.int(),
    approval,
    /** How many more have to say yes at the level that waits. */
    missing: z.int(),
    /** You may decide now. */
    mine: z.boolean(),
    /** You may decide now for these people. */
    onBehalfOf: z.array(z.string()),
    comments: z.int(),
    /** What was foreseen of a campaign when it was submitted, or asked for since. */
    preFlight: z.optional(preFlight),
  })
  .register(z.globalRegistry, { id: 'WaitingApproval' });

const said = z.object({ id: z.string(), by: z.string(), atMs: z.int(), text: z.string() });
const thread = z.object({ submission: z.int(), items: z.array(said) });
const delegation = z
  .object({
    from: z.string(),
    to: z.string(),
    untilMs: z.int(),
    givenMs: z.int(),
    roles: z.array(z.enum(ROLES)),
  })
  .register(z.globalRegistry, { id: 'Delegation' });
const delegations = z.object({ items: z.array(delegation) });

export const routes = [
  {
    operationId: 'getApprovalSettings',
    method: 'GET',
    path: '/v1/settings/approvals',
    summary: 'Read who has to approve what',
    handler,
    roles: READERS,
    success: { status: 200, schema: settings, description: 'The settings; version 0 means that nobody has set any' },
    errors: [],
  },
  {
    operationId: 'putApprovalSettings',
    method: 'PUT',
    path: '/v1/settings/approvals',
    summary: 'Set who has to approve what',
    description:
      'Levels are asked in their order. At each, `quorum` different people say yes: `people` (claims `sub`), or whoever has one of the `roles`; an admin has every role. Who has said yes at one level counts at no other, unless one of the two says `mayRepeat`. A level `when` is asked only if all of it holds: the kind of thing, an audience larger than so many (one whose size is not known counts as larger), one of these topics, one of these channels; for each kind, one level must have no other condition. A level that nobody could fulfil is refused. Who created, edited or submitted something, or wrote its template, never decides. People are reminded each time it has waited for `remindAfter`; `tell` is the webhook endpoint that hears `approval.waiting`, `approval.reminder` and `approval.ended`. What is submitted keeps the levels of then. Without settings one approver decides.',
    handler,
    roles: OPERATORS,
    body: settings,
    example: {
      version: 0,
      levels: [
        { name: 'Colleague', roles: ['approver'], quorum: 1 },
        {
          name: 'Head of marketing',
          people: ['b7c1a2d4-0000-4000-8000-000000000001'],
          quorum: 1,
          when: { audienceLargerThan: 100_000 },
        },
      ],
      remindAfter: { hours: 24 },
    },
    success: { status: 200, schema: settings, description: 'The settings now in force' },
    errors: ['version-conflict', 'no-approver', 'invalid-reference'],
  },
  {
    operationId: 'listApprovals',
    method: 'GET',
    path: '/v1/approvals',
    summary: 'List what waits for approval',
    description:
      'What waits for you, also on behalf of others (`waiting=me`, the default), or all; what expires first comes first.',
    handler,
    roles: READERS,
    query: z.strictObject({ waiting: z._default(z.enum(['me', 'all']), 'me') }),
    success: { status: 200, schema: z.object({ items: z.array(waiting) }), description: 'What waits' },
    errors: [],
  },
  {
    operationId: 'approveCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/approve',
    summary: 'Approve what was submitted',
    description:
      'By whom the level names that waits (`approval.levels`; without settings: one approver), and not by who created, edited or submitted it, or wrote its template. When a level has its quorum the next one is asked, and after the last it is approved. `onBehalfOf` is who has handed their approvals to you. Give the `hash` that you have read, and the `approval.level` for which you say yes: others are refused, and repeating it is harmless. Without `level` it is said for the one that waits, which may be the next one when you repeat it.',
    handler,
    roles: READERS,
    body: approve,
    example: { comment: 'Good to go', level: 0 },
    success: { status: 200, schema: campaign, description: 'The campaign: approved, or waiting for others' },
    errors: DECIDED,
  },
  {
    operationId: 'rejectCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/reject',
    summary: 'Reject what was submitted, and say why',
    description: 'One no is enough, at any level, by who might approve it there.',
    handler,
    roles: READERS,
    body: reject,
    example: { comment: 'The link in the email is dead' },
    success: { status: 200, schema: campaign, description: 'The rejected campaign' },
    errors: DECIDED,
  },
  {
    operationId: 'revokeCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/revoke',
    summary: 'Take an approval back',
    description:
      'By who gave it, an approver, or an operator, until the campaign is over. In review it is rejected. After that it is cancelled, whatever it does: what no provider has yet ends as skipped, `plan-cancelled`. Repeating it is harmless.',
    handler,
    roles: READERS,
    body: revoke,
    example: { reason: 'The price in the email is wrong' },
    success: { status: 200, schema: campaign, description: 'The campaign, rejected or cancelled' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'diffCampaign',
    method: 'GET',
    path: '/v1/campaigns/{campaignId}/diff',
    summary: 'Read what has changed between two versions of a campaign',
    description:
      'Of what was frozen at submission: template, audience, schedule. `to` is the hash of a submission (absent: the last one), `from` that of an earlier one (absent: what was approved last before it; else the submission before it; else nothing, and all of it is new). Texts of several lines are compared line by line.',
    handler,
    roles: READERS,
    query: compared,
    success: {
      status: 200,
      schema: diff,
      description: 'Each field that differs',
    },
    errors: ['not-found', 'state-conflict'],
  },
  {
    operationId: 'listApprovalComments',
    method: 'GET',
    path: '/v1/approvals/{kind}/{thingId}/comments',
    summary: 'Read what is said about a submission',
    handler,
    roles: READERS,
    query: z.strictObject({ submission: z.optional(z.coerce.number().check(z.multipleOf(1), z.minimum(1))) }),
    success: { status: 200, schema: thread, description: 'The oldest first; of the last submission if none is named' },
    errors: ['not-found'],
  },
  {
    operationId: 'commentOnApproval',
    method: 'POST',
    path: '/v1/approvals/{kind}/{thingId}/comments',
    summary: 'Say something about a submission, without deciding',
    handler,
    roles: READERS,
    body: z.strictObject({ text: text(1_000).check(z.regex(/\S/, 'Say something')) }),
    example: { text: 'Is the voucher still valid in January?' },
    create: true,
    success: { status: 201, schema: said, description: 'The comment' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'listDelegations',
    method: 'GET',
    path: '/v1/delegations',
    summary: 'List who decides for whom',
    handler,
    roles: READERS,
    success: { status: 200, schema: delegations, description: 'Those in force' },
    errors: [],
  },
  {
    operationId: 'delegateApprovals',
    method: 'POST',
    path: '/v1/delegations',
    summary: 'Hand your approvals to somebody until a date',
    description:
      'It replaces the one that you gave before. `to` decides on your behalf (`onBehalfOf`), is named so, and may do so only where neither of you has had a hand in the thing; with the roles that you have now, so end it if you lose them. Nobody hands on what was handed to them. At most 92 days.',
    handler,
    roles: READERS,
    body: z.strictObject({ to: text(128), until: z.iso.datetime({ offset: true }) }),
    example: { to: 'b7c1a2d4-0000-4000-8000-000000000001', until: '2027-01-07T09:00:00+01:00' },
    success: { status: 200, schema: delegations, description: 'Those in force' },
    errors: ['state-conflict', 'version-conflict'],
  },
  {
    operationId: 'endDelegation',
    method: 'DELETE',
    path: '/v1/delegations/{person}',
    summary: 'End what somebody has handed over',
    description: 'By who gave it, who has it, or an operator.',
    handler,
    roles: READERS,
    success: { status: 204, description: 'It has ended' },
    errors: ['not-found', 'version-conflict'],
  },
  ...submissions,
] as const satisfies readonly Route[];
