import { smsParts } from '../core/delivery/sms-parts.ts';
import { refuseOthers } from './expect-properties.ts';
import { inbox } from './inbox.ts';
import { simulatedAddresses } from './simulated-addresses.ts';
import { publishSmsEvents } from './sms-events.ts';
import { AwsError, type Context, type Service, type ServiceResponse } from './types.ts';

/** An error with fields of its own, which the front door's plain errors lack. */
const failure = (type: string, fields: object): ServiceResponse => ({
  status: 400,
  headers: { 'x-amzn-errortype': type },
  body: { __type: type, ...fields },
});
const invalid = (Name: string, Message: string) =>
  failure('ValidationException', { Reason: 'FIELD_VALIDATION_FAILED', Fields: [{ Name, Message }] });

type Request = {
  DestinationPhoneNumber: string;
  OriginationIdentity: string;
  MessageBody: string;
  MessageType: string;
  ConfigurationSetName?: string;
  Context?: Record<string, string>;
};
type Destination = { EventDestinationName: string; SnsDestination: { TopicArn: string } };

/** SendTextMessage of End User Messaging SMS v2: what is accepted is in the inbox, and its events follow (sms-events.ts). */
export const sms = (ctx: Context): Service => {
  const messages = inbox(ctx);
  const simulate = simulatedAddresses('sms');
  /** Topics by configuration set. */
  const sets = new Map<string, string[]>();
  return {
    signingName: 'sms-voice',
    async handle({ action, body }) {
      if (action !== 'SendTextMessage')
        throw new AwsError('UnknownOperationException', `The local SMS service does not support ${action}`);
      const request = JSON.parse((await body()).toString()) as Request;
      const { DestinationPhoneNumber: to, MessageBody: text, ConfigurationSetName: set, Context = {} } = request;
      if (set && !sets.has(set))
        return failure('ResourceNotFoundException', { ResourceType: 'configuration-set', ResourceId: set });
      const values = Object.values(Context);
      if (values.length > 5 || values.some((value) => value === '' || value.length > 800))
        return invalid('Context', 'Context has at most 5 values of 1 to 800 characters');
      const behaviour = simulate(to);
      if (!/^\+[1-9]\d{6,14}$/.test(to) || behaviour === 'invalid')
        return invalid('DestinationPhoneNumber', `${to} is not a valid phone number in E.164 format`);
      if (text === '' || text.length > 1600) return invalid('MessageBody', 'The message has 1 to 1,600 characters');
      if (behaviour === 'throttled') return failure('ThrottlingException', { message: 'Rate exceeded' });
      if (behaviour === 'opted-out')
        return failure('ConflictException', { Reason: 'DESTINATION_PHONE_NUMBER_OPTED_OUT', ResourceId: to });
      const { parts } = smsParts(text);
      ctx.meter.count('channel-sms', parts, 'sms:SendTextMessage');
      const messageId = messages.add({ channel: 'sms', to, title: '', body: text });
      const { OriginationIdentity: from, MessageType: type } = request;
      publishSmsEvents(ctx, { messageId, to, from, type, parts, context: Context }, sets.get(set ?? '') ?? []);
      return { body: { MessageId: messageId } };
    },
    resources: {
      'AWS::SMSVOICE::ConfigurationSet': {
        supported: ['EventDestinations'],
        ignored: ['ConfigurationSetName', 'Tags'],
        create({ logicalId, properties }) {
          const destinations = properties.EventDestinations as Destination[];
          const known = ['EventDestinationName', 'Enabled', 'MatchingEventTypes', 'SnsDestination'];
          for (const destination of destinations) refuseOthers(logicalId, destination, known);
          sets.set(
            logicalId,
            destinations.map(({ SnsDestination }) => SnsDestination.TopicArn),
          );
          return {
            ref: logicalId,
            attributes: { Arn: `arn:aws:sms-voice:${ctx.region}:${ctx.account}:configuration-set/${logicalId}` },
          };
        },
      },
    },
  };
};
