import type { Lane } from '../../core/delivery/channel.ts';
import { refParts, refTag } from '../../core/delivery/receipt-ref.ts';
import type { ChannelSender, Outgoing, SendResult } from '../../core/delivery/sender.ts';
import { oneByOne } from './one-by-one.ts';
import { ProviderError, providerCall } from './provider-call.ts';
import { resultOfError } from './send-error.ts';

/** Calls under way at once. */
const CHUNK = 25;

/** `Context` takes five values of at most this many characters. */
const MAX_CONTEXT = 800;

const call = providerCall({
  signingName: 'sms-voice',
  host: 'sms-voice',
  endpointVariable: 'AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2',
});
const SEND = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'PinpointSMSVoiceV2.SendTextMessage',
};

/** Reasons of a ConflictException that are about the number, not about our set-up. */
const NUMBER_REFUSED = new Set([
  'DESTINATION_PHONE_NUMBER_NOT_VERIFIED',
  'DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE',
  'DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION',
]);

const resultOf = (error: unknown): SendResult => {
  const { name, body } = error instanceof ProviderError ? error : { name: '', body: {} };
  const { Reason, Fields } = body as { Reason?: string; Fields?: { Name?: string }[] };
  if (name === 'ConflictException') {
    if (Reason === 'DESTINATION_PHONE_NUMBER_OPTED_OUT') return { status: 'refused', reason: 'opted-out' };
    return { status: 'refused', reason: NUMBER_REFUSED.has(Reason ?? '') ? 'address-refused' : 'provider-refused' };
  }
  if (name === 'ValidationException') {
    const aboutNumber = !Fields?.length || Fields.some((field) => field.Name === 'DestinationPhoneNumber');
    return { status: 'refused', reason: aboutNumber ? 'address-refused' : 'provider-refused' };
  }
  return resultOfError(error);
};

/**
 * SMS by End User Messaging SMS v2. `origination` is a phone number, sender id or pool; `configurationSet` says where its events
 * go.
 */
export const smsChannel = (origination: string, configurationSet: string | undefined): ChannelSender<'sms'> => {
  const sendOne = async ({ address, ref, content }: Outgoing<'sms'>, lane: Lane): Promise<SendResult> => {
    try {
      const request = {
        DestinationPhoneNumber: address,
        OriginationIdentity: origination,
        MessageBody: content.text,
        MessageType: lane === 'promotional' ? 'PROMOTIONAL' : 'TRANSACTIONAL',
        ...(configurationSet && { ConfigurationSetName: configurationSet }),
        Context: Object.fromEntries(refParts(ref, MAX_CONTEXT).map((value, n) => [refTag(n), value])),
      };
      const { MessageId = '' } = (await call('/', request, SEND)) as { MessageId?: string };
      return { status: 'sent', messageId: MessageId };
    } catch (error) {
      return resultOf(error);
    }
  };

  return oneByOne('sms', CHUNK, sendOne);
};
