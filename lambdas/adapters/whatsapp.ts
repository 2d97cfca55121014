import type { ChannelSender, Outgoing, SendResult } from '../../core/delivery/sender.ts';
import { oneByOne } from './one-by-one.ts';
import { providerCall } from './provider-call.ts';
import { resultOfError } from './send-error.ts';

/** SendWhatsAppMessage takes one message; so many calls are under way at once, as with text messages. */
const CHUNK = 25;
/** Of Meta's Cloud API, which the message is written for. */
const META_API_VERSION = 'v20.0';
/** What Meta gives back with each status of the message has at most so many characters. */
const MAX_CALLBACK_DATA = 512;

const call = providerCall({
  signingName: 'social-messaging',
  host: 'social-messaging',
  endpointVariable: 'AWS_ENDPOINT_URL_SOCIALMESSAGING',
});

/** Meta refuses a parameter with line breaks, tabs, or more than four blanks in a row. */
const parameter = (text: string) => ({ type: 'text', text: text.replace(/\s+/g, ' ').trim() });

/** The message as Meta's Cloud API takes it: a template that Meta has approved, with what fills its places. */
const messageOf = ({ address, ref, content }: Outgoing<'whatsapp'>) => {
  const { template, language, header, parameters, buttonUrl } = content;
  const components = [
    ...(header === undefined ? [] : [{ type: 'header', parameters: [parameter(header)] }]),
    ...(parameters.length === 0 ? [] : [{ type: 'body', parameters: parameters.map(parameter) }]),
    ...(buttonUrl === undefined
      ? []
      : [{ type: 'button', sub_type: 'url', index: '0', parameters: [parameter(buttonUrl)] }]),
  ];
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: address,
    type: 'template',
    template: { name: template, language: { code: language }, ...(components.length > 0 && { components }) },
    ...(ref !== '' && ref.length <= MAX_CALLBACK_DATA && { biz_opaque_callback_data: ref }),
  };
};

/**
 * WhatsApp by End User Messaging Social. What the call accepts may still fail: Meta says so later, in the events of the
 * business account. `origination` is the ARN of its phone number.
 */
export const whatsappChannel = (origination: string): ChannelSender<'whatsapp'> => {
  const sendOne = async (message: Outgoing<'whatsapp'>): Promise<SendResult> => {
    try {
      const { messageId = '' } = (await call('/v1/whatsapp/send', {
        originationPhoneNumberId: origination,
        metaApiVersion: META_API_VERSION,
        message: Buffer.from(JSON.stringify(messageOf(message))).toString('base64'),
      })) as { messageId?: string };
      return { status: 'sent', messageId };
    } catch (error) {
      return resultOfError(error);
    }
  };

  return oneByOne('whatsapp', CHUNK, sendOne);
};
