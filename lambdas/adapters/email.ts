import { refParts, refTag } from '../../core/delivery/receipt-ref.ts';
import type { ChannelSender, Outgoing, SendResult } from '../../core/delivery/sender.ts';
import { ProviderError, providerCall } from './provider-call.ts';
import { forAll, resultOfError } from './send-error.ts';

/** SendBulkEmail takes at most this many destinations. */
const MAX_DESTINATIONS = 50;
/** An inline template with its data may be 1 MB of JSON a call; a tenth is left for the envelope. */
const MAX_CALL_BYTES = 900_000;

/** `ReplacementTemplateData` takes so many characters, of which JSON makes up to six of one. */
const MAX_DATA = 262_144;

/** A tag's value has at most this many characters. */
const MAX_TAG = 256;

const ses = providerCall({ signingName: 'ses', host: 'email' });

/** What SES says of one destination. */
type BulkEmailEntryResult = { Status?: string; Error?: string; MessageId?: string };

/** No email goes out until an operator has mended this. */
const MUST_BE_MENDED = new Set([
  'MAIL_FROM_DOMAIN_NOT_VERIFIED',
  'CONFIGURATION_SET_NOT_FOUND',
  'CONFIGURATION_SET_SENDING_PAUSED',
  'ACCOUNT_SUSPENDED',
  'ACCOUNT_SENDING_PAUSED',
  'INVALID_SENDING_POOL_NAME',
]);

const resultOf = (entry: BulkEmailEntryResult | undefined): SendResult => {
  switch (entry?.Status) {
    case 'SUCCESS':
      return { status: 'sent', messageId: entry.MessageId ?? '' };
    case 'INVALID_PARAMETER':
      return { status: 'refused', reason: 'address-refused' };
    case 'MESSAGE_REJECTED':
    case 'FAILED':
      return { status: 'refused', reason: 'provider-refused' };
    case undefined:
      return { status: 'unknown', reason: 'no status for this destination' };
    default: {
      // Throttled, over quota, paused, not verified: about the account, not about the person.
      const reason = `${entry?.Status} ${entry?.Error ?? ''}`.trim();
      return { status: 'retry', reason, ...(MUST_BE_MENDED.has(entry?.Status ?? '') && { fault: 'account' }) };
    }
  }
};

const dataOf = ({ content: { subject, html, text } }: Outgoing<'email'>): string =>
  JSON.stringify({ subject, html, text });
const isTooLong = (message: Outgoing<'email'>): boolean => {
  const { html, text = '' } = message.content;
  return (html.length + text.length) * 6 > MAX_DATA && dataOf(message).length > MAX_DATA;
};

/** In runs that fit one call. Messages with and without a text part need different templates, so they do not mix. */
const callsOf = (messages: readonly Outgoing<'email'>[]): Outgoing<'email'>[][] => {
  const calls: Outgoing<'email'>[][] = [];
  let room = 0;
  for (const message of messages) {
    const bytes = Buffer.byteLength(JSON.stringify(JSON.stringify(message.content)));
    const call = calls.at(-1);
    const alike = call && (call[0]?.content.text === undefined) === (message.content.text === undefined);
    if (!alike || bytes > room || call.length === MAX_DESTINATIONS) {
      calls.push([]);
      room = MAX_CALL_BYTES;
    }
    calls.at(-1)?.push(message);
    room -= bytes;
  }
  return calls;
};

/**
 * Email by SESv2. Everybody's content differs, so the template is nothing but three variables, which each destination's
 * data fills: SES does not escape HTML when it substitutes (its guide, "Advanced email personalization").
 */
export const emailChannel = (from: string, configurationSet: string): ChannelSender<'email'> => {
  const call = async (messages: readonly Outgoing<'email'>[]): Promise<Map<number, SendResult>> => {
    try {
      const { BulkEmailEntryResults = [] } = (await ses('/v2/email/outbound-bulk-emails', {
        FromEmailAddress: from,
        ConfigurationSetName: configurationSet,
        DefaultContent: {
          Template: {
            TemplateContent: {
              Subject: '{{subject}}',
              Html: '{{html}}',
              ...(messages[0]?.content.text !== undefined && { Text: '{{text}}' }),
            },
            TemplateData: JSON.stringify({ subject: '', html: '', text: '' }),
          },
        },
        BulkEmailEntries: messages.map((message) => {
          const { address, ref, content } = message;
          const headers = content.headers && Object.entries(content.headers);
          return {
            Destination: { ToAddresses: [address] },
            ReplacementTags: refParts(ref, MAX_TAG).map((Value, n) => ({ Name: refTag(n), Value })),
            ...(headers && { ReplacementHeaders: headers.map(([Name, Value]) => ({ Name, Value })) }),
            ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData: dataOf(message) } },
          };
        }),
      })) as { BulkEmailEntryResults?: BulkEmailEntryResult[] };
      return new Map(messages.map(({ key }, n) => [key, resultOf(BulkEmailEntryResults[n])]));
    } catch (error) {
      const result = resultOfError(error);
      if (result.status !== 'refused') return forAll(messages, result);
      // A call that is refused as a whole sent nothing. One bad address must not cost its neighbours: halve it.
      if (messages.length === 1) {
        const aboutContent = error instanceof ProviderError && error.name === 'MessageRejected';
        return forAll(messages, aboutContent ? result : { status: 'refused', reason: 'address-refused' });
      }
      const middle = Math.ceil(messages.length / 2);
      return new Map([...(await call(messages.slice(0, middle))), ...(await call(messages.slice(middle)))]);
    }
  };

  return {
    channel: 'email',
    chunk: MAX_DESTINATIONS,
    async send(messages) {
      // SES would refuse a call with such a message as a whole, and it is not the address that is too long.
      const results = forAll(messages.filter(isTooLong), { status: 'refused', reason: 'provider-refused' });
      for (const part of callsOf(messages.filter((message) => !isTooLong(message))))
        for (const [key, result] of await call(part)) results.set(key, result);
      return results;
    },
  };
};
