import * as z from 'zod/mini';
import { profileId } from '../../audience/profile.ts';
import { isPlaceholder, PLACEHOLDER_MESSAGE } from '../../event/identity.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'audience/manage-aliases';
const alias = profileId.check(z.refine((id) => !isPlaceholder(id), PLACEHOLDER_MESSAGE));
const link = z.object({ alias: z.string(), profileId: z.string(), atMs: z.int() });

/** Further ids of people; a part of the audience's table. */
export const routes = [
  {
    operationId: 'linkAlias',
    method: 'POST',
    path: '/v1/profiles/{profileId}/aliases',
    summary: 'Link another id of a person',
    description:
      'Events that carry the alias as `anonymousId` count for the profile from then on, and those that came before count in its windows and segments. An event that carries both ids does the same. A link is for good: an alias of somebody else is refused, the same link again is fine. No profile is needed. Linking sends nothing by itself; the next event may.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ alias }),
    example: { alias: 'device-7f3a' },
    success: { status: 200, schema: link, description: 'The link' },
    errors: ['not-found', 'alias-taken', 'person-erased'],
  },
  {
    operationId: 'getAlias',
    method: 'GET',
    path: '/v1/aliases/{alias}',
    summary: 'Read whose an id is',
    handler,
    roles: READERS,
    success: { status: 200, schema: link, description: 'The link' },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
