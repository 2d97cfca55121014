import * as z from 'zod/mini';
import { audience } from '../../audience/audience.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { useView } from './uses.ts';

const name = z.string().check(z.minLength(1), z.maxLength(100));
const version = z.int().check(z.minimum(1));
const count = z.int();

const namedAudience = z.object({
  id: z.string(),
  version: count,
  name: z.string(),
  audience,
  author: z.string(),
  createdMs: count,
});
const handler = 'audience/manage-audiences';
const example = {
  name: 'VIP, but no recent buyers',
  audience: { difference: [{ list: '01JXVIP' }, { segment: '01JXRECENTBUYERS' }] },
};
const invalid = ['invalid-reference', 'invalid-segment'] as const;

export const routes = [
  {
    operationId: 'createAudience',
    method: 'POST',
    path: '/v1/audiences',
    summary: 'Define an audience, a set expression over segments and lists',
    description:
      '`union`, `intersection` and `difference` (who is in the first and not in the second) of `{segment: id}`, `{list: id}` and each other.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ name, audience }),
    example,
    create: true,
    success: { status: 201, schema: namedAudience, description: 'The audience' },
    errors: invalid,
  },
  {
    operationId: 'listAudiences',
    method: 'GET',
    path: '/v1/audiences',
    summary: 'List audiences, newest first',
    description: 'A page may hold fewer than `limit`; only the last one has no cursor.',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(namedAudience), description: 'A page of audiences' },
    errors: [],
  },
  {
    operationId: 'getAudience',
    method: 'GET',
    path: '/v1/audiences/{audienceId}',
    summary: 'Read an audience',
    handler,
    roles: READERS,
    success: { status: 200, schema: namedAudience, description: 'The audience' },
    errors: ['not-found'],
  },
  {
    operationId: 'updateAudience',
    method: 'PUT',
    path: '/v1/audiences/{audienceId}',
    summary: 'Replace an audience',
    description: 'Campaigns that were submitted before keep the expression that was approved.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ name, audience, version }),
    example: { ...example, version: 1 },
    success: { status: 200, schema: namedAudience, description: 'The audience as it now is' },
    errors: ['not-found', 'version-conflict', ...invalid],
  },
  {
    operationId: 'deleteAudience',
    method: 'DELETE',
    path: '/v1/audiences/{audienceId}',
    summary: 'Delete an audience',
    description: 'Refused while a campaign that is not over uses it; the problem’s `uses` names them.',
    handler,
    roles: WRITERS,
    success: { status: 204, description: 'It is gone' },
    errors: ['not-found', 'in-use', 'version-conflict'],
  },
  {
    operationId: 'getAudienceUses',
    method: 'GET',
    path: '/v1/audiences/{audienceId}/uses',
    summary: 'Read where an audience is used',
    handler,
    roles: READERS,
    success: { status: 200, schema: z.object({ items: z.array(useView) }), description: 'What uses it' },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
