import { describe, expect, test } from 'vitest';
import type { Receipt } from '../../../../core/delivery/receipt.ts';
import { readReceipts } from '../../../../core/delivery/receipts/read-receipts.ts';
import { sesBounceClass } from '../../../../core/delivery/receipts/ses.ts';
import {
  onBus,
  sesBounce,
  sesComplaint,
  sesDelivery,
  sesReject,
  sesRenderingFailure,
  sesSend,
  smsEvent,
  whatsappOnBus,
  whatsappStatus,
} from './fixtures.ts';

const REF = '1abcdefghijklmnop';
const said = (message: object): string[] =>
  readReceipts(message as Record<string, unknown>).map(({ outcome, detail }) => [outcome, detail].join(' ').trim());

describe('SES', () => {
  test('a bounce, from SNS and from the bus', () => {
    const receipt: Receipt = {
      ref: REF,
      outcome: 'bounced',
      detail: 'hard',
      atMs: Date.parse('2017-08-05T00:41:02.669Z'),
      messageId: 'EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000',
    };
    expect(readReceipts(sesBounce(REF))).toEqual([receipt]);
    expect(readReceipts(onBus('aws.ses', 'Email Bounced', sesBounce(REF)))).toEqual([receipt]);
  });

  test.each<[string, object, string[]]>([
    ['delivered', sesDelivery(REF), ['delivered']],
    ['a complaint', sesComplaint(REF), ['complained']],
    ['the complaint taken back', sesComplaint(REF, 'not-spam'), []],
    [
      'not sent, for a complaint of before is on the account’s list: none about this message',
      sesComplaint(REF, null, 'OnAccountSuppressionList'),
      ['bounced hard'],
    ],
    [
      'the mailbox of somebody out of the office, which has the message',
      sesBounce(REF, {
        bounceType: 'Transient',
        bounceSubType: 'General',
        bouncedRecipients: [{ emailAddress: 'ooto@simulator.amazonses.com' }],
        reportingMTA: undefined,
      }),
      [],
    ],
    [
      'a mail server that could not deliver for now',
      sesBounce(REF, {
        bounceType: 'Transient',
        bounceSubType: 'General',
        bouncedRecipients: [{ emailAddress: 'a@b.c', action: 'failed', status: '4.4.7' }],
      }),
      ['bounced soft'],
    ],
    ['a virus', sesReject(REF), ['failed message-refused']],
    ['a template that does not render', sesRenderingFailure(REF), ['failed message-refused']],
    ['accepted only', sesSend(REF), []],
    ['somebody else’s email', sesBounce(), []],
  ])('%s', (_, event, expected) => expect(said(event)).toEqual(expected));

  test.each<[type: string, subType: string, status: string | undefined, expected: string]>([
    ['Permanent', 'General', '5.1.1', 'hard'],
    ['Permanent', 'NoEmail', '5.1.1', 'hard'],
    ['Permanent', 'Suppressed', '5.7.1', 'hard'],
    ['Permanent', 'OnAccountSuppressionList', undefined, 'hard'],
    ['Permanent', 'General', '5.7.1', 'block'],
    ['Transient', 'General', '4.4.7', 'soft'],
    ['Transient', 'General', '4.7.650', 'block'],
    ['Transient', 'MailboxFull', '4.2.2', 'soft'],
    ['Transient', 'MessageTooLarge', '5.3.4', 'block'],
    ['Transient', 'ContentRejected', '5.6.0', 'block'],
    ['Transient', 'AttachmentRejected', undefined, 'block'],
    ['Undetermined', 'Undetermined', undefined, 'undetermined'],
  ])('%s %s %s is %s', (type, subType, status, expected) => {
    expect(sesBounceClass(type, subType, status)).toBe(expected);
  });

  test('what does not look as documented is no silence', () => {
    expect(() => readReceipts({ ...sesBounce(REF), bounce: {} })).toThrow();
    expect(() => readReceipts({ eventType: 'Delivery', mail: {} })).toThrow();
    const { delivery } = sesDelivery(REF);
    // A time that is none would cost the other receipts of its batch their write.
    expect(() => readReceipts({ ...sesDelivery(REF), delivery: { ...delivery, timestamp: 'soon' } })).toThrow();
    expect(() =>
      readReceipts(JSON.parse(JSON.stringify(whatsappStatus('read', REF)).replace('1750030073', 'soon'))),
    ).toThrow();
  });
});

describe('SMS', () => {
  test.each([
    ['TEXT_DELIVERED', ['delivered']],
    ['TEXT_SUCCESSFUL', ['delivered']],
    ['TEXT_INVALID', ['bounced hard']],
    ['TEXT_UNREACHABLE', ['bounced soft']],
    ['TEXT_CARRIER_UNREACHABLE', ['bounced soft']],
    ['TEXT_BLOCKED', ['bounced block']],
    ['TEXT_CARRIER_BLOCKED', ['bounced block']],
    ['TEXT_SPAM', ['bounced block']],
    ['TEXT_PROTECT_BLOCKED', ['bounced block']],
    ['TEXT_INVALID_MESSAGE', ['failed message-refused']],
    ['TEXT_TTL_EXPIRED', ['failed expired']],
    ['TEXT_UNKNOWN', ['failed fate-unknown']],
    ['TEXT_QUEUED', []],
    ['TEXT_PENDING', []],
    ['MEDIA_DELIVERED', []],
  ])('%s', (type, expected) => {
    expect(said(smsEvent(type, { ref: REF }))).toEqual(expected);
    const event = onBus('aws.sms-voice', 'Text Message Delivery Status Updated', smsEvent(type));
    expect(said(event)).toEqual(expected);
  });

  test('the topic brings the ref back, the bus the message id only', () => {
    const messageId = '862a8790-60c0-4430-9b2b-658bdexample';
    expect(readReceipts(smsEvent('TEXT_DELIVERED', { ref: REF }))).toMatchObject([
      { ref: REF, messageId, atMs: 1686975103470 },
    ]);
    expect(readReceipts(smsEvent('TEXT_DELIVERED'))).toMatchObject([{ ref: '', messageId }]);
  });

  test('what is not final yet may still arrive', () => {
    expect(said(smsEvent('TEXT_UNREACHABLE', { isFinal: false }))).toEqual([]);
    expect(said(smsEvent('TEXT_SUCCESSFUL', { isFinal: false }))).toEqual(['delivered']);
  });
});

describe('WhatsApp', () => {
  test.each([
    ['delivered', ['delivered']],
    ['read', ['opened']],
    ['failed', ['failed undeliverable']],
    ['sent', []],
  ])('%s', (status, expected) => {
    expect(said(whatsappStatus(status, REF))).toEqual(expected);
    expect(said(whatsappOnBus('WhatsApp Message Delivered', status))).toEqual(expected);
  });

  test('the topic brings the ref back, the bus the message id only', () => {
    expect(readReceipts(whatsappStatus('read', REF))).toMatchObject([{ ref: REF, atMs: 1_750_030_073_000 }]);
    expect(readReceipts(whatsappStatus('read'))).toEqual([]);
    expect(readReceipts(whatsappOnBus('WhatsApp Message Read', 'read'))).toMatchObject([
      { ref: '', messageId: '4bee7d29-70f5-4a49-b84e-facf4424fe58', atMs: 1_759_466_063_000 },
    ]);
  });

  test('a message from somebody is no receipt', () => {
    const entry = JSON.stringify({ changes: [{ value: { messages: [{ text: { body: 'hi' } }] }, field: 'messages' }] });
    expect(readReceipts({ whatsAppWebhookEntry: entry })).toEqual([]);
  });
});

test('what Herald hears itself', () => {
  const receipt: Receipt = { ref: REF, outcome: 'clicked', atMs: 5, messageId: '', detail: 'link-1' };
  expect(readReceipts({ receipt })).toEqual([receipt]);
  expect(() => readReceipts({ receipt: { ...receipt, outcome: 'dreamt' } })).toThrow();
});
