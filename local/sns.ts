import { randomUUID } from 'node:crypto';
import { only } from './expect-properties.ts';
import { AwsError, type Context, type Service } from './types.ts';

/** SNS, as far as services publish to it: topics, and queues that get what is published as it is (raw delivery). */
export const sns = (ctx: Context): Service => {
  const subscribers = new Map<string, string[]>();

  ctx.services.sns = {
    publish(topicArn, message) {
      const queues = subscribers.get(topicArn);
      if (!queues) throw new Error(`The local SNS has no topic ${topicArn}`);
      ctx.meter.count('sns-request', 1, 'sns:Publish');
      for (const queue of queues) ctx.services.sqs.send(queue, message);
    },
  };

  return {
    signingName: 'sns',
    async handle({ action }) {
      throw new AwsError('InvalidAction', `The local SNS does not support ${action || 'requests'}`);
    },
    resources: {
      'AWS::SNS::Topic': only({}, ['KmsMasterKeyId', 'Tags'], ({ logicalId }) => {
        const arn = `arn:aws:sns:${ctx.region}:${ctx.account}:${logicalId}`;
        subscribers.set(arn, []);
        return { ref: arn, attributes: { TopicArn: arn, TopicName: logicalId } };
      }),
      'AWS::SNS::Subscription': {
        supported: ['TopicArn', 'Protocol', 'Endpoint', 'RawMessageDelivery', 'RedrivePolicy'],
        ignored: [],
        create({ logicalId, properties }) {
          const { TopicArn, Protocol, Endpoint, RawMessageDelivery } = properties;
          if (Protocol !== 'sqs' || RawMessageDelivery !== true)
            throw new Error(`${logicalId}: the local SNS delivers to SQS, raw`);
          subscribers.get(String(TopicArn))?.push(String(Endpoint));
          return { ref: `${TopicArn}:${randomUUID()}` };
        },
      },
    },
  };
};
