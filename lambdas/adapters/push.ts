import type { ChannelSender, Outgoing, SendResult } from '../../core/delivery/sender.ts';
import { providerCall } from './provider-call.ts';
import { forAll, resultOfError } from './send-error.ts';

/** SendMessages takes at most this many addresses. */
const MAX_ADDRESSES = 100;

const pinpoint = providerCall({
  signingName: 'mobiletargeting',
  host: 'pinpoint',
  endpointVariable: 'AWS_ENDPOINT_URL_PINPOINT',
});

/** What it says of one address. */
type MessageResult = { DeliveryStatus?: string; StatusCode?: number; StatusMessage?: string; MessageId?: string };

/** APNs tokens are hexadecimal, 64 characters today and longer when Apple says so; FCM tokens never are. */
const platformOf = (token: string): 'APNS' | 'GCM' => (/^[0-9a-f]{64,200}$/i.test(token) ? 'APNS' : 'GCM');

/** HTTP 200 hides failures, so each address's own result is read. */
const resultOf = (result: MessageResult | undefined): SendResult => {
  const reason = `${result?.DeliveryStatus} ${result?.StatusCode} ${result?.StatusMessage ?? ''}`.trim();
  switch (result?.DeliveryStatus) {
    case 'SUCCESSFUL':
    case 'DUPLICATE':
      return { status: 'sent', messageId: result.MessageId ?? '' };
    case 'THROTTLED':
    case 'TEMPORARY_FAILURE':
      return { status: 'retry', reason };
    case 'PERMANENT_FAILURE':
      return { status: 'refused', reason: 'address-refused' };
    case 'OPT_OUT':
      return { status: 'refused', reason: 'opted-out' };
    default:
      return { status: 'unknown', reason };
  }
};

/** Push by End User Messaging (`SendMessages` with addresses): one call a batch, each address with content of its own. */
export const pushChannel = (applicationId: string): ChannelSender<'push'> => {
  const call = async (messages: readonly Outgoing<'push'>[]): Promise<Map<number, SendResult>> => {
    try {
      const { Result } = (await pinpoint(`/v1/apps/${applicationId}/messages`, {
        Addresses: Object.fromEntries(
          messages.map(({ address, content }) => [
            address,
            { ChannelType: platformOf(address), TitleOverride: content.title, BodyOverride: content.body },
          ]),
        ),
        MessageConfiguration: { DefaultPushNotificationMessage: { Action: 'OPEN_APP' } },
      })) as { Result?: Record<string, MessageResult> };
      return new Map(messages.map(({ key, address }) => [key, resultOf(Result?.[address])]));
    } catch (error) {
      return forAll(messages, resultOfError(error));
    }
  };

  return {
    channel: 'push',
    chunk: MAX_ADDRESSES,
    async send(messages) {
      const results = new Map<number, SendResult>();
      // A call names each address once: people who share a device go in calls of their own.
      let left = [...messages];
      while (left.length > 0) {
        const seen = new Set<string>();
        const unique = left.filter(({ address }) => !seen.has(address) && seen.add(address));
        left = left.filter((message) => !unique.includes(message));
        for (const [key, result] of await call(unique)) results.set(key, result);
      }
      return results;
    },
  };
};
