import * as z from 'zod/mini';
import { listQuery, pageOf } from '../page.ts';
import { OPERATORS, READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { campaign } from './campaign-view.ts';

const handler = 'strategy/manage-campaigns';

/** What is done with campaigns beside sending them. */
export const routes = [
  {
    operationId: 'cloneCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/clone',
    summary: 'Write a campaign like another one',
    description:
      'A draft of your own with the same content, in whatever state the other one is; “(copy)” is added to the name.',
    handler,
    roles: WRITERS,
    body: z.strictObject({}),
    example: {},
    create: true,
    success: { status: 201, schema: campaign, description: 'The copy, as a draft' },
    errors: ['not-found'],
  },
  {
    operationId: 'listCampaignRuns',
    method: 'GET',
    path: '/v1/campaigns/{campaignId}/runs',
    summary: 'List the runs of a campaign that repeats, newest first',
    description:
      'Each is a campaign of its own, which is read, reported on, paused, resumed and cancelled by its own id. What is done with the campaign that repeats is done with the run that is under way as well.',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(campaign), description: 'A page of runs' },
    errors: ['not-found'],
  },
  {
    operationId: 'archiveCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/archive',
    summary: 'Leave a campaign out of lists',
    description:
      'A draft, one that was rejected, or one that is over. It can still be read, reported on, cloned and edited; an edit takes it out of the archive. Repeating it is harmless.',
    handler,
    roles: ['marketer', ...OPERATORS],
    body: z.strictObject({}),
    example: {},
    success: { status: 200, schema: campaign, description: 'The campaign, archived' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'unarchiveCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/unarchive',
    summary: 'Show an archived campaign in lists again',
    handler,
    roles: ['marketer', ...OPERATORS],
    body: z.strictObject({}),
    example: {},
    success: { status: 200, schema: campaign, description: 'The campaign' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'deleteCampaign',
    method: 'DELETE',
    path: '/v1/campaigns/{campaignId}',
    summary: 'Delete a draft',
    description: 'Or one that was rejected. Everything else is part of the record: archive it.',
    handler,
    roles: WRITERS,
    success: { status: 204, description: 'It is gone' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
] as const satisfies readonly Route[];
