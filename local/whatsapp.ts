import { inbox } from './inbox.ts';
import { simulatedAddresses } from './simulated-addresses.ts';
import { AwsError, type Context, type Service } from './types.ts';

type Parameter = { type: string; text?: string };
type Message = {
  messaging_product?: string;
  to?: string;
  type?: string;
  template?: { name?: string; language?: { code?: string }; components?: { type: string; parameters: Parameter[] }[] };
};
type Request = { originationPhoneNumberId?: string; metaApiVersion?: string; message?: string };

const invalid = (message: string) => new AwsError('InvalidParametersException', message);

/** SendWhatsAppMessage of End User Messaging Social, of template messages: what is accepted is in the inbox. */
export const whatsapp = (ctx: Context): Service => {
  const messages = inbox(ctx);
  const simulate = simulatedAddresses('whatsapp');

  const deliver = ({ messaging_product, to = '', type, template }: Message): string => {
    if (messaging_product !== 'whatsapp' || type !== 'template')
      throw invalid('The local WhatsApp takes template messages');
    if (!/^\+[1-9]\d{6,14}$/.test(to)) throw invalid(`${to} is no phone number`);
    const { name = '', language, components = [] } = template ?? {};
    if (!/^[a-z0-9_]{1,512}$/.test(name) || !language?.code) throw invalid('A template has a name and a language');
    const texts = components.flatMap(({ parameters }) => parameters.map(({ text = '' }) => text));
    if (texts.some((text) => text === '' || /[\n\t]| {5}/.test(text)))
      throw invalid('A parameter is a text without line breaks, tabs, or more than four blanks in a row');
    if (simulate(to) === 'throttled') throw new AwsError('ThrottledRequestException', 'Rate exceeded', 429);
    ctx.meter.count('channel-whatsapp', 1, 'social-messaging:SendWhatsAppMessage');
    return messages.add({ channel: 'whatsapp', to, title: `${name} (${language.code})`, body: texts.join('\n') });
  };

  return {
    signingName: 'social-messaging',
    async handle({ path, body }) {
      if (path !== '/v1/whatsapp/send')
        throw new AwsError('UnknownOperationException', `The local WhatsApp does not support ${path}`, 404);
      const request = JSON.parse((await body()).toString()) as Request;
      const { originationPhoneNumberId: from = '', metaApiVersion = '', message = '' } = request;
      if (!/^phone-number-id-|:phone-number-id\//.test(from) || !/^v\d+\.\d+$/.test(metaApiVersion))
        throw invalid('A message comes from a phone number, in a version of the API');
      const messageId = deliver(JSON.parse(Buffer.from(message, 'base64').toString()) as Message);
      return { headers: { 'content-type': 'application/json' }, body: { messageId } };
    },
    resources: {},
  };
};
