import * as z from 'zod/mini';
import { pageOf, pageQuery } from '../page.ts';
import type { Route } from '../route.ts';

const handler = 'delivery/manage-inbox';

const message = z.object({
  messageId: z.string(),
  title: z.string(),
  body: z.string(),
  url: z.optional(z.string()),
  atMs: z.int(),
  expiresMs: z.int(),
  readMs: z.optional(z.int()),
});

/** Routes of delivery by which an app shows a person's in-app messages. */
export const routes = [
  {
    operationId: 'listInboxMessages',
    method: 'GET',
    path: '/v1/inbox/{profileId}/messages',
    summary: "Read a person's in-app messages, newest first",
    description:
      'For your app’s server, which knows who is signed in: an API key opens the inbox of everybody, so it is never part of an app. What is expired is not shown. A page may be shorter than `limit` although there is another one.',
    handler,
    roles: 'source-key',
    query: z.strictObject({ ...pageQuery, unread: z.optional(z.enum(['true', 'false'])) }),
    success: { status: 200, schema: pageOf(message), description: 'A page of messages' },
    errors: ['invalid-source-key', 'not-found'],
  },
  {
    operationId: 'markInboxMessageRead',
    method: 'POST',
    path: '/v1/inbox/{profileId}/messages/{messageId}/read',
    summary: 'Mark an in-app message as read',
    description: 'The first time counts; repeating it changes nothing.',
    handler,
    roles: 'source-key',
    success: { status: 204, description: 'It is read' },
    errors: ['invalid-source-key', 'not-found'],
  },
  {
    operationId: 'markInboxRead',
    method: 'POST',
    path: '/v1/inbox/{profileId}/read',
    summary: 'Mark all in-app messages up to one as read',
    description: 'Up to `upTo` and with it, so that what arrives meanwhile stays unread.',
    handler,
    roles: 'source-key',
    body: z.strictObject({ upTo: z.string().check(z.minLength(1), z.maxLength(64)) }),
    example: { upTo: '0mahk2f3sVx2b7dQ9mYc1' },
    success: { status: 200, schema: z.object({ marked: z.int() }), description: 'How many were unread' },
    errors: ['invalid-source-key', 'not-found'],
  },
] as const satisfies readonly Route[];
