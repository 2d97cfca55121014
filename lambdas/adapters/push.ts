import { type MessageResult, PinpointClient, SendMessagesCommand } from '@aws-sdk/client-pinpoint';
import type { ChannelSender, Outgoing, SendResult } from '../../core/delivery/sender.ts';
import { forAll, PROVIDER_CLIENT, resultOfError } from './send-error.ts';

/** SendMessages takes at most this many addresses. */
const MAX_ADDRESSES = 100;

const pinpoint = new PinpointClient(PROVIDER_CLIENT);

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
      const { MessageResponse } = await pinpoint.send(
        new SendMessagesCommand({
          ApplicationId: applicationId,
          MessageRequest: {
            Addresses: Object.fromEntries(
              messages.map(({ address, content }) => [
                address,
                { ChannelType: platformOf(address), TitleOverride: content.title, BodyOverride: content.body },
              ]),
            ),
            MessageConfiguration: { DefaultPushNotificationMessage: { Action: 'OPEN_APP' } },
          },
        }),
      );
      return new Map(messages.map(({ key, address }) => [key, resultOf(MessageResponse?.Result?.[address])]));
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
