import * as z from 'zod/mini';
import type { Route } from '../route.ts';

const preferences = 'delivery/manage-preferences';
const follow = 'delivery/follow-links';

const PAGE = 'text/html' as const;
/** Keys of a page: 50 topics that the settings offer, and all that the person has said something about, each on 6 channels. */
const keys = z._default(z.array(z.string().check(z.maxLength(64))).check(z.maxLength(5_000)), []);

/**
 * The way from a message: nobody signs in, the token is what Herald has sealed into a link of somebody's message
 * (core/delivery/links/link-token.ts).
 */
export const routes = [
  {
    operationId: 'followLink',
    method: 'GET',
    path: '/v1/c/{token}',
    summary: 'Follow a link of a message to where it leads',
    description:
      'The target is sealed in the token, so the route leads nowhere else. A token that Herald did not make gets a page.',
    handler: follow,
    roles: 'public',
    success: { status: 302, description: 'To the target' },
    errors: [],
  },
  {
    operationId: 'checkLink',
    method: 'HEAD',
    path: '/v1/c/{token}',
    summary: 'Ask where a link of a message leads',
    description: 'As scanners do: it never counts as the click of a person.',
    handler: follow,
    roles: 'public',
    success: { status: 302, description: 'To the target' },
    errors: [],
  },
  {
    operationId: 'noticeOpen',
    method: 'GET',
    path: '/v1/o/{token}',
    summary: 'Fetch the image by which an open is noticed',
    description: 'One transparent pixel, whatever the token is.',
    handler: follow,
    roles: 'public',
    success: { status: 200, type: 'image/gif', description: 'The image' },
    errors: [],
  },
  {
    operationId: 'showMaterial',
    method: 'GET',
    path: '/v1/m/{file}',
    summary: 'Fetch a picture of a message',
    description: 'What stands at an address never changes, so anybody may keep it for a year.',
    handler: 'delivery/serve-materials',
    roles: 'public',
    success: { status: 200, type: 'image/*', description: 'The picture' },
    errors: ['not-found'],
  },
  {
    operationId: 'askToUnsubscribe',
    method: 'GET',
    path: '/v1/unsubscribe/{token}',
    summary: 'Ask somebody whether they want to unsubscribe',
    description: 'Changes nothing: scanners follow links, too. In English, Chinese, German or French.',
    handler: preferences,
    roles: 'public',
    success: { status: 200, type: PAGE, description: 'A page with a button' },
    errors: [],
  },
  {
    operationId: 'unsubscribe',
    method: 'POST',
    path: '/v1/unsubscribe/{token}',
    summary: 'Unsubscribe from the topic of a message on its channel',
    description:
      'What mailboxes do at one click (RFC 8058, `List-Unsubscribe=One-Click`), and the button of the page. The body may be anything. Repeating it changes nothing.',
    handler: preferences,
    roles: 'public',
    success: { status: 200, type: PAGE, description: 'A page that says so' },
    errors: [],
  },
  {
    operationId: 'showPreferences',
    method: 'GET',
    path: '/v1/preferences/{token}',
    summary: 'Show somebody what they get, by channel and topic',
    handler: preferences,
    roles: 'public',
    success: { status: 200, type: PAGE, description: 'A page with a form' },
    errors: [],
  },
  {
    operationId: 'savePreferences',
    method: 'POST',
    path: '/v1/preferences/{token}',
    summary: 'Record what somebody chose',
    description:
      'Only what they changed on the page, which `shown` tells as it was: what has changed since is not taken back. Each is a statement like any other.',
    handler: preferences,
    roles: 'public',
    form: true,
    body: z.strictObject({
      shown: keys,
      given: keys,
      act: z._default(z.array(z.enum(['save', 'none'])).check(z.maxLength(1)), ['save']),
    }),
    example: { shown: ['email/offers=yes', 'email/news=yes'], given: ['email/news'], act: ['save'] },
    success: { status: 200, type: PAGE, description: 'The page as it now is' },
    errors: [],
  },
] as const satisfies readonly Route[];
