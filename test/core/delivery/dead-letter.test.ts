import { describe, expect, test } from 'vitest';
import { againOf, type DeadLetter, reasonOf, subjectOf } from '../../../core/delivery/dead-letter.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:Send';
const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:Herald-prod-intake-accept-bus-events';
const letter = (body: unknown, more: Partial<DeadLetter> = {}): DeadLetter => ({
  id: 'm1',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  sentMs: 1_000,
  attributes: {},
  ...more,
});
const failed = {
  version: '1.0',
  requestContext: { functionArn: `${FUNCTION}:$LATEST`, condition: 'RetriesExhausted', approximateInvokeCount: 3 },
  requestPayload: { detail: { profileId: 'ana' } },
  responsePayload: { errorType: 'TypeError', errorMessage: 'x is not a function' },
};

const plan = { kind: 'campaign', id: '01C', hash: 'h' };
const person = { profileId: 'ana', email: 'ana@example.com', timer: 'ana' };

describe('what a letter is about, without a word of whom', () => {
  test.each<[string, unknown, Partial<DeadLetter>, object]>([
    [
      'a batch of a campaign',
      { kind: 'snapshot', plan, part: 'snapshots/01C/1/p0', batch: 3, count: 100, step: 1, only: [4, 5] },
      {},
      {
        kind: 'campaign-batch',
        about: 'batch 3 of snapshots/01C/1/p0, 2 recipients, step 2 of its channels',
        plan: { kind: 'campaign', id: '01C' },
      },
    ],
    [
      'a message to one',
      { kind: 'direct', plan: { kind: 'trigger', id: '01T' }, ...person, event: { type: 'order.placed' }, step: 0 },
      {},
      { kind: 'direct-message', about: 'one person, for an event order.placed, step 1 of its channels' },
    ],
    [
      'events',
      { source: 'shop', events: [{ ...person, type: 'a' }, { type: 'b' }, { type: 'a' }] },
      {},
      { kind: 'events', about: '3 events of source shop: a, b' },
    ],
    ['timers', { timers: [person] }, {}, { kind: 'timers', about: '1 timers that rang' }],
    [
      'what happened to participants',
      { kind: 'stimuli', people: [person, person] },
      {},
      { kind: 'participants', about: 'what happened to 2 participants of journeys' },
    ],
    ...[
      ['everybody', 'everybody inside the journey is looked at'],
      ['enter-members', 'members of a segment enter the journey'],
      ['follow', 'the next execution is to follow somebody who is traced'],
    ].map(([kind, about]): [string, object, object, object] => {
      const plan = { kind: 'journey', id: 'j1' };
      return [`participants, ${kind}`, { ...person, kind, journeyId: 'j1' }, {}, { kind: 'participants', about, plan }];
    }),
    [
      'a change of a lead',
      { ...person, modelId: 'm', stage: 'hot' },
      {},
      { kind: 'stage-change', about: 'a lead of model m came to stage hot' },
    ],
    [
      'a webhook',
      { endpointId: 'e', id: 'w', type: 'message', data: person },
      {},
      { kind: 'webhook', about: 'message to endpoint e, webhook-id w' },
    ],
    [
      'a receipt',
      { eventType: 'Bounce', ...person },
      {},
      { kind: 'receipt', about: 'what a provider says of a message: Bounce' },
    ],
    ['one of the bus', { 'detail-type': 'Email Bounced', detail: person }, {}, { kind: 'receipt' }],
    ['one of WhatsApp', { whatsAppWebhookEntry: '{"ana":1}' }, {}, { kind: 'receipt' }],
    ['an invocation', failed, {}, { about: 'Herald-prod-intake-accept-bus-events, which failed' }],
    [
      'a schedule',
      person,
      { attributes: { TARGET_ARN: FUNCTION, SCHEDULE_ARN: 'arn:x' } },
      { about: 'Herald-prod-intake-accept-bus-events, which a schedule could not reach' },
    ],
    ['no JSON', '{"ana', {}, { kind: 'unknown' }],
    ['a list', [person], {}, { kind: 'unknown' }],
    ['anything else', person, {}, { kind: 'unknown' }],
  ])('%s', (_, body, more, expected) => {
    const subject = subjectOf(letter(body, more));
    expect(subject).toMatchObject(expected);
    expect(JSON.stringify(subject)).not.toContain('ana');
  });
});

describe('why', () => {
  const noted = { error: 'Error', message: 'No', receives: 20, atMs: 7 };
  test.each<[string, DeadLetter, typeof noted | undefined, object]>([
    ['the receiver noted it', letter({}), noted, { from: 'receiver', message: 'No (receive 20)', atMs: 7 }],
    [
      'EventBridge says it',
      letter({}, { attributes: { ERROR_CODE: 'NO_PERMISSIONS', ERROR_MESSAGE: 'not authorized' } }),
      undefined,
      { from: 'letter', error: 'NO_PERMISSIONS', message: 'not authorized' },
    ],
    [
      'Lambda says it',
      letter(failed),
      undefined,
      { from: 'letter', error: 'TypeError', message: 'x is not a function' },
    ],
    [
      'Lambda says only that',
      letter({ ...failed, responsePayload: null }),
      undefined,
      { from: 'letter', message: 'RetriesExhausted' },
    ],
    ['it is no JSON', letter('nope'), undefined, { from: 'letter', error: 'NoJson' }],
    ['nobody knows', letter({}), undefined, { from: 'nobody', error: '' }],
  ])('%s', (_, one, failure, expected) => {
    expect(reasonOf(one, failure)).toMatchObject(expected);
  });
});

describe('having it done again', () => {
  const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:cleanse';
  test.each<[string, DeadLetter, object]>([
    ['a message of a queue', letter('no JSON', { sourceArn: QUEUE }), { by: 'queue', arn: QUEUE }],
    [
      'an invocation, without its version',
      letter(failed),
      { by: 'function', arn: FUNCTION, payload: failed.requestPayload },
    ],
    [
      'a schedule of a function',
      letter({ minuteMs: 60_000 }, { attributes: { TARGET_ARN: FUNCTION } }),
      { by: 'function', arn: FUNCTION, payload: { minuteMs: 60_000 } },
    ],
    [
      'one of a state machine',
      letter('', { attributes: { TARGET_ARN: MACHINE } }),
      { by: 'state-machine', arn: MACHINE },
    ],
    ['a function whose input is lost', letter('{', { attributes: { TARGET_ARN: FUNCTION } }), { by: 'nothing' }],
    ['an invocation without its payload', letter({ ...failed, requestPayload: undefined }), { by: 'nothing' }],
    ['what somebody put there by hand', letter({}), { by: 'nothing' }],
  ])('%s', (_, one, expected) => {
    expect(againOf(one)).toMatchObject(expected);
  });

  test('what could not be delivered to a queue goes there; what comes from another one goes back', () => {
    const intended = QUEUE.replace('Send', 'Heard');
    const undelivered = letter({}, { attributes: { TARGET_ARN: intended, RULE_ARN: 'arn:x' } });
    expect(againOf(undelivered, intended)).toEqual({ by: 'queue', arn: intended });
    expect(againOf(letter({}, { sourceArn: QUEUE }), intended)).toEqual({ by: 'queue', arn: QUEUE });
  });
});
