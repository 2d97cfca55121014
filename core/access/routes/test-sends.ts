import * as z from 'zod/mini';
import { TEST_CHANNELS, testSettings } from '../../strategy/template/test-recipients.ts';
import { OPERATORS, READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { sampleBody } from './templates.ts';

const handler = 'strategy/send-tests';
const settings = z.extend(testSettings, { version: z.int() });

const outcome = {
  name: z.string(),
  channel: z.enum(TEST_CHANNELS),
  state: z.enum(['waiting', 'sending', 'sent', 'delivered', 'opened', 'not-sent']),
  /** Of one that is not sent: as the reasons of outcomes. */
  reason: z.optional(z.string()),
  messageId: z.optional(z.string()),
};
const testSend = z.object({
  ...{ id: z.string(), templateId: z.string(), templateVersion: z.int(), by: z.string(), atMs: z.int() },
  recipients: z.array(z.object(outcome)),
});

const to = z.array(z.string()).check(
  z.minLength(1),
  z.maxLength(10),
  z.refine((all) => new Set(all).size === all.length, 'Each recipient once'),
);

export const routes = [
  {
    operationId: 'sendTemplateTest',
    method: 'POST',
    path: '/v1/templates/{templateId}/test-sends',
    summary: 'Send a template to colleagues, to see it where it will be read',
    description:
      'To as many as ten of the test recipients of the settings, by their names: nobody else can get one. It goes the way of any transactional message, with `[Test]` before the subject, the title or the text, and with the words and values of a stored profile, or one made up here, as a preview has. It counts nowhere: not in caps, not in reports, not in the history of anybody; its links are not followed, and `unsubscribe_url` leads nowhere.',
    handler,
    roles: WRITERS,
    body: sampleBody({ to }),
    example: { to: ['mia-phone'], profile: { attributes: { firstName: 'Ada' } } },
    create: true,
    success: { status: 201, schema: testSend, description: 'The test, on its way' },
    errors: ['not-found', 'invalid-reference', 'body-too-large'],
  },
  {
    operationId: 'getTemplateTest',
    method: 'GET',
    path: '/v1/templates/{templateId}/test-sends/{testSendId}',
    summary: 'Say what became of a test',
    description: 'For 60 days. `delivered` and `opened` where the channel says so.',
    handler,
    roles: READERS,
    success: { status: 200, schema: testSend, description: 'The test, and what is known of each message' },
    errors: ['not-found'],
  },
  {
    operationId: 'getTestSettings',
    method: 'GET',
    path: '/v1/settings/tests',
    summary: 'Read who may get tests of templates',
    handler,
    roles: READERS,
    success: {
      status: 200,
      schema: settings,
      description: 'The recipients; version 0 means that nobody has named any',
    },
    errors: [],
  },
  {
    operationId: 'putTestSettings',
    method: 'PUT',
    path: '/v1/settings/tests',
    summary: 'Say who may get tests of templates',
    description: 'Addresses of colleagues, each with a name by which a test asks for it. It acts at once.',
    handler,
    roles: OPERATORS,
    body: settings,
    example: {
      version: 0,
      recipients: [
        { name: 'mia-phone', channel: 'sms', address: '+33612345678' },
        { name: 'mia-inbox', channel: 'email', address: 'mia@example.com' },
      ],
    },
    success: { status: 200, schema: settings, description: 'The recipients now in force' },
    errors: ['version-conflict'],
  },
] as const satisfies readonly Route[];
