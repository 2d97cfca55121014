import * as z from 'zod/mini';
import { CHANNELS } from '../../delivery/channel.ts';
import { SUPPRESSION_REASONS } from '../../delivery/suppression.ts';
import { pageOf, pageQuery } from '../page.ts';
import { OPERATORS, PROFILE_READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'delivery/manage-suppressions';
const count = z.int();
export const suppression = z.object({
  reason: z.enum(SUPPRESSION_REASONS),
  atMs: count,
  /** Knows the address again that it is about; absent: whatever the address. */
  address: z.optional(z.string()),
  untilMs: z.optional(count),
});
const suppressed = z.object({ profileId: z.string(), suppressed: z.partialRecord(z.enum(CHANNELS), suppression) });
const note = z.strictObject({ note: z.string().check(z.minLength(1), z.maxLength(500)) });

export const routes = [
  {
    operationId: 'listSuppressions',
    method: 'GET',
    path: '/v1/suppressions',
    summary: 'List the people who are not written to on a channel',
    description:
      'Newest first, by their last suppression. With `channel` those of that channel only, so a page may be shorter than `limit`, or empty; `cursor` in the answer says that there are more.',
    handler,
    roles: PROFILE_READERS,
    query: z.strictObject({
      ...pageQuery,
      channel: z.optional(z.enum(CHANNELS)),
      // It holds an id of up to 128 characters of any script.
      cursor: z.optional(z.string().check(z.minLength(1), z.maxLength(1_000))),
    }),
    success: {
      status: 200,
      schema: pageOf(suppressed),
      description: 'People with their suppressions',
    },
    errors: ['invalid-query'],
  },
  {
    operationId: 'suppressPerson',
    method: 'PUT',
    path: '/v1/profiles/{profileId}/suppressions/{channel}',
    summary: 'Write to somebody no more on a channel',
    description:
      'Whatever they agreed to, transactional messages included, until somebody lifts it. Of several reasons the strongest is kept: a complaint before this one, this one before a bounce.',
    handler,
    roles: WRITERS,
    body: note,
    example: { note: 'Asked for it on the phone' },
    success: { status: 200, schema: suppressed, description: 'The suppressions of the person as they now are' },
    errors: ['not-found', 'person-erased'],
  },
  {
    operationId: 'liftSuppression',
    method: 'POST',
    path: '/v1/profiles/{profileId}/suppressions/{channel}/lift',
    summary: 'Write to somebody again on a channel',
    description:
      'Forgets why the channel was suppressed, and the soft bounces counted so far. What is heard later of messages from before does not suppress it again. The providers keep lists of their own: SES refuses an address that is on its account’s suppression list until it is removed there.',
    handler,
    roles: OPERATORS,
    body: note,
    example: { note: 'The mailbox has been repaired' },
    success: { status: 200, schema: suppressed, description: 'The suppressions of the person as they now are' },
    errors: ['not-found', 'version-conflict'],
  },
] as const satisfies readonly Route[];
