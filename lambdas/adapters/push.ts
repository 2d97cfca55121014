import type { ChannelType, MessageResult } from '@aws-sdk/client-pinpoint';
import { devicesIn, type Platform, platformOf, type TokenNews } from '../../core/audience/device.ts';
import type { ChannelSender, Outgoing, SendResult } from '../../core/delivery/sender.ts';
import { providerErrorOf, resultOfError } from './send-error.ts';

/** SendMessages takes at most this many addresses. */
const MAX_ADDRESSES = 100;
/** People a chunk: each may have several devices, in calls beside each other. */
const CHUNK = 100;

const CHANNEL_TYPES: Record<Platform, ChannelType> = {
  apns: 'APNS',
  'apns-sandbox': 'APNS_SANDBOX',
  fcm: 'GCM',
  adm: 'ADM',
  baidu: 'BAIDU',
};

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
      // 400 may be our own bad credentials: it says nothing about the device.
      return { status: 'refused', reason: result.StatusCode === 400 ? 'provider-refused' : 'address-refused' };
    case 'OPT_OUT':
      return { status: 'refused', reason: 'opted-out' };
    default:
      return { status: 'unknown', reason };
  }
};

/** Fewer dead tokens may come together by chance. */
const WHOLESALE = 5;

/**
 * A PERMANENT_FAILURE with status 400 is a bad token or are bad credentials of ours at Apple or Google ("Best practices" of
 * End User Messaging Push). All of a call at once are credentials: no token is to blame.
 */
const faultOfAll = (results: readonly (MessageResult | undefined)[]): SendResult | undefined => {
  const bad = results.every((one) => one?.DeliveryStatus === 'PERMANENT_FAILURE' && one.StatusCode === 400);
  if (!bad || results.length < WHOLESALE) return undefined;
  return { status: 'retry', reason: `400 for all: ${results[0]?.StatusMessage ?? ''}`.trim(), fault: 'account' };
};

/** Nothing but 410 is about the token itself, and for good. */
const isDead = (result: MessageResult | undefined): boolean =>
  result?.DeliveryStatus === 'PERMANENT_FAILURE' && result.StatusCode === 410;

/** One message to one device. */
type Part = { message: Outgoing<'push'>; token: string; channelType: ChannelType };

/**
 * What the devices of one person come to: sent when any has it. When none has, and of any nobody knows, so it is of the
 * person; refused only when all are.
 */
const together = (results: readonly SendResult[]): SendResult =>
  (['sent', 'unknown', 'retry'] as const)
    .map((wanted) => results.find(({ status }) => status === wanted))
    .find((found) => found !== undefined) ??
  results[0] ?? { status: 'refused', reason: 'address-refused' };

/**
 * Push by End User Messaging (`SendMessages` with addresses), to every device of a person, each address with content of its
 * own. `tell` hears what the provider says about tokens; when that fails, the next push hears it again.
 */
export const pushChannel = (
  applicationId: string,
  tell: (news: readonly TokenNews[]) => Promise<void>,
): ChannelSender<'push'> => {
  const call = async (parts: readonly Part[], news: TokenNews[]): Promise<Map<Part, SendResult>> => {
    try {
      // Its client is 40 KB, which an environment loads with its first push (decision 0003).
      const { sendMessages } = await import('./send-messages.ts');
      const { MessageResponse } = await sendMessages({
        ApplicationId: applicationId,
        MessageRequest: {
          Addresses: Object.fromEntries(
            parts.map(({ token, channelType, message: { content } }) => [
              token,
              { ChannelType: channelType, TitleOverride: content.title, BodyOverride: content.body },
            ]),
          ),
          MessageConfiguration: { DefaultPushNotificationMessage: { Action: 'OPEN_APP' } },
        },
      });
      const fault = faultOfAll(parts.map(({ token }) => MessageResponse?.Result?.[token]));
      if (fault) return new Map(parts.map((part) => [part, fault]));
      for (const { token, message } of parts) {
        const result = MessageResponse?.Result?.[token];
        const becomes = result?.UpdatedToken && result.UpdatedToken !== token ? result.UpdatedToken : undefined;
        if (becomes || isDead(result)) news.push({ profileId: message.profileId, token, ...(becomes && { becomes }) });
      }
      return new Map(parts.map((part) => [part, resultOf(MessageResponse?.Result?.[part.token])]));
    } catch (error) {
      const failed = resultOfError(providerErrorOf(error));
      return new Map(parts.map((part) => [part, failed]));
    }
  };

  return {
    channel: 'push',
    chunk: CHUNK,
    async send(messages) {
      const parts = messages.flatMap((message) =>
        devicesIn(message.address).map(
          (line): Part => ({ message, token: line.token, channelType: CHANNEL_TYPES[platformOf(line)] }),
        ),
      );
      const news: TokenNews[] = [];
      const answers = await Promise.all(callsOf(parts).map((some) => call(some, news)));
      if (news.length > 0) {
        await tell(news).catch((error) => console.warn({ message: 'Tokens stay as they were', error: String(error) }));
      }
      const results = new Map(answers.flatMap((answer) => [...answer]));
      return new Map(
        messages.map((message) => {
          const own = parts.filter((part) => part.message === message);
          return [message.key, together(own.map((part) => results.get(part) as SendResult))];
        }),
      );
    },
  };
};

/** A call names each address once, and takes a hundred: people who share a device go in calls of their own. */
const callsOf = (parts: readonly Part[]): Part[][] => {
  const calls: { parts: Part[]; tokens: Set<string> }[] = [];
  for (const part of parts) {
    const free = ({ parts: some, tokens }: (typeof calls)[number]) =>
      some.length < MAX_ADDRESSES && !tokens.has(part.token);
    let call = calls.find(free);
    if (!call) {
      call = { parts: [], tokens: new Set() };
      calls.push(call);
    }
    call.parts.push(part);
    call.tokens.add(part.token);
  }
  return calls.map((one) => one.parts);
};
