import { smsParts } from '../core/delivery/sms-parts.ts';
import { inbox } from './inbox.ts';
import { simulatedAddresses } from './simulated-addresses.ts';
import { AwsError, type Context, type Service, type ServiceResponse } from './types.ts';

/** An error with fields of its own, which the front door's plain errors lack. */
const failure = (type: string, fields: object): ServiceResponse => ({
  status: 400,
  headers: { 'x-amzn-errortype': type },
  body: { __type: type, ...fields },
});
const invalid = (Name: string, Message: string) =>
  failure('ValidationException', { Reason: 'FIELD_VALIDATION_FAILED', Fields: [{ Name, Message }] });

/** SendTextMessage of End User Messaging SMS v2: what is accepted is in the inbox. */
export const sms = (ctx: Context): Service => {
  const messages = inbox(ctx);
  const simulate = simulatedAddresses('sms');
  return {
    signingName: 'sms-voice',
    async handle({ action, body }) {
      if (action !== 'SendTextMessage')
        throw new AwsError('UnknownOperationException', `The local SMS service does not support ${action}`);
      type Request = { DestinationPhoneNumber: string; MessageBody: string };
      const { DestinationPhoneNumber: to, MessageBody: text } = JSON.parse((await body()).toString()) as Request;
      const behaviour = simulate(to);
      if (!/^\+[1-9]\d{6,14}$/.test(to) || behaviour === 'invalid')
        return invalid('DestinationPhoneNumber', `${to} is not a valid phone number in E.164 format`);
      if (text === '' || text.length > 1600) return invalid('MessageBody', 'The message has 1 to 1,600 characters');
      if (behaviour === 'throttled') return failure('ThrottlingException', { message: 'Rate exceeded' });
      if (behaviour === 'opted-out')
        return failure('ConflictException', { Reason: 'DESTINATION_PHONE_NUMBER_OPTED_OUT', ResourceId: to });
      ctx.meter.count('channel-sms', smsParts(text).parts, 'sms:SendTextMessage');
      return { body: { MessageId: messages.add({ channel: 'sms', to, title: '', body: text }) } };
    },
    resources: {},
  };
};
