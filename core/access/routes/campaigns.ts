import * as z from 'zod/mini';
import { campaignInput, perMinute } from '../../strategy/campaign.ts';
import { pageOf, pageQuery } from '../page.ts';
import { OPERATORS, READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { campaign, state } from './campaign-view.ts';

const version = z.int().check(z.minimum(1));
const comment = z.string().check(z.maxLength(2_000));

const handler = 'strategy/manage-campaigns';

const exampleCampaign = {
  name: 'We miss you',
  audience: { segmentId: '01JD0000000000000000000000' },
  templateId: '01JD0000000000000000000001',
  channelPolicy: ['push', 'sms'],
  topic: 'win-back',
  sendAt: '2026-12-01T09:00:00+01:00',
};

export const routes = [
  {
    operationId: 'createCampaign',
    method: 'POST',
    path: '/v1/campaigns',
    summary: 'Write a campaign',
    description:
      'It is a draft until it is submitted. Whom it is for must exist; what else it refers to is checked when it is submitted. `channelPolicy` is ordered: where a channel cannot reach somebody, the next one gets its turn. A step may also be `{channel, ifNotDeliveredWithin, ifNotOpenedWithin}`: then the next one follows when no receipt came in that time. `budget` is the most that the messages to one person may cost together, by the prices in the delivery settings; a channel that would exceed it is left out. `deadline` is how long the campaign is worth sending after it has begun. `priority` high may use the touches that caps reserve. `repeat` begins a run at each time of a schedule, to whoever is in the audience then. `sendTime` sends to each recipient at a time of their own, from `sendAt` on: `best`, in the hour within a time in which they are most likely to open or click, or `local`, when their clock shows it next, or on the day `on`. `holdout` leaves that share of the audience out: they count as skipped, `holdout`. With `variants` each recipient gets one of several templates, always the same one; `experiment` decides which of them is the better one, `minimumHours` after the last of those who take part has it: with `testPercent` only so many take part, and the others get the winner then, or the default. `ifLate` says what becomes of those for whom that has passed: `next-day` (when absent), `send-now` or `skip`; late by at most `toleranceMinutes` (5 when absent) is not late. `speed` is how many messages a minute go out, over all channels; without it as many as providers take.',
    handler,
    roles: WRITERS,
    body: campaignInput,
    example: exampleCampaign,
    create: true,
    success: { status: 201, schema: campaign, description: 'The campaign, as a draft' },
    errors: ['invalid-reference'],
  },
  {
    operationId: 'listCampaigns',
    method: 'GET',
    path: '/v1/campaigns',
    summary: 'List campaigns, newest first',
    description:
      'Only those in `state`, where that is given. Archived ones are left out unless `archived=true` asks for them alone. A page may have fewer campaigns than `limit`, and others after it.',
    handler,
    roles: READERS,
    query: z.strictObject({ ...pageQuery, state: z.optional(state), archived: z.optional(z.literal('true')) }),
    success: { status: 200, schema: pageOf(campaign), description: 'A page of campaigns' },
    errors: [],
  },
  {
    operationId: 'getCampaign',
    method: 'GET',
    path: '/v1/campaigns/{campaignId}',
    summary: 'Read a campaign',
    handler,
    roles: READERS,
    success: { status: 200, schema: campaign, description: 'The campaign' },
    errors: ['not-found'],
  },
  {
    operationId: 'updateCampaign',
    method: 'PUT',
    path: '/v1/campaigns/{campaignId}',
    summary: 'Replace a campaign',
    description: 'A campaign in review, or rejected, becomes a draft again: its approval is void.',
    handler,
    roles: WRITERS,
    body: z.extend(campaignInput, { version }),
    example: { ...exampleCampaign, version: 1 },
    success: { status: 200, schema: campaign, description: 'The campaign, as a draft' },
    errors: ['not-found', 'version-conflict', 'state-conflict', 'invalid-reference'],
  },
  {
    operationId: 'submitCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/submit',
    summary: 'Ask for approval',
    description:
      'Freezes segment, template and schedule as they are now: that, named by `approval.hash`, is what is approved and sent. Nobody having decided after `expirySeconds` (seven days when absent), it is a draft again. Submitting again what waits is harmless.',
    handler,
    roles: WRITERS,
    body: z.strictObject({
      version,
      expirySeconds: z.optional(z.int().check(z.minimum(60), z.maximum(30 * 86_400))),
    }),
    example: { version: 1 },
    success: { status: 200, schema: campaign, description: 'The campaign, in review' },
    errors: ['not-found', 'version-conflict', 'state-conflict', 'invalid-reference', 'no-approver'],
  },
  {
    operationId: 'pauseCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/pause',
    summary: 'Send nothing more for now',
    description:
      'While it is scheduled, preparing or sending. One that has not begun does not begin before it is resumed. Acts within seconds: calls of providers that are under way are finished, everybody else waits, without being settled and without cost. Deadlines and the caps of other plans go on. 30 days after it began it is cancelled if it is still paused, and cannot be paused any more. Herald itself pauses a campaign of which too many complain, as `herald`. Repeating it is harmless, and keeps who was first.',
    handler,
    roles: ['marketer', ...OPERATORS],
    body: z.strictObject({ reason: z._default(comment, '') }),
    example: { reason: 'The shop is down' },
    success: {
      status: 200,
      schema: campaign,
      description: 'The paused campaign: `pause` says who paused it, when and why',
    },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'resumeCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/resume',
    summary: 'Go on with a paused campaign',
    description:
      'Everybody who waits is decided on again: consents, caps, quiet hours and the deadline as they are now. One that had not begun is scheduled again; if its time has passed, `ifLate` says what becomes of it: without one it begins at once. Repeating it is harmless.',
    handler,
    roles: ['marketer', ...OPERATORS],
    body: z.strictObject({}),
    example: {},
    success: { status: 200, schema: campaign, description: 'The campaign, sending or scheduled' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'cancelCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/cancel',
    summary: 'Stop a campaign for good',
    description:
      'In whatever state it is before its end, mid-send or paused too: batches that no provider has yet end as skipped, `plan-cancelled`. Repeating it is harmless.',
    handler,
    roles: ['marketer', ...OPERATORS],
    body: z.strictObject({ reason: z._default(comment, '') }),
    example: { reason: 'Wrong discount' },
    success: { status: 200, schema: campaign, description: 'The cancelled campaign' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'setCampaignSpeed',
    method: 'PUT',
    path: '/v1/campaigns/{campaignId}/speed',
    summary: 'Change how fast a campaign sends',
    description:
      'In whatever state it is before its end, mid-send too: it acts within seconds, as soon as what is granted already has gone out (about 15 seconds of messages). `perMinute` null: as fast as providers allow; messages that wait for their turn then follow within 15 minutes. It is not part of what is approved. Repeating it is harmless.',
    handler,
    roles: ['marketer', ...OPERATORS],
    body: z.strictObject({ perMinute: z.nullable(perMinute) }),
    example: { perMinute: 600 },
    success: { status: 200, schema: campaign, description: 'The campaign with its speed' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
] as const satisfies readonly Route[];
