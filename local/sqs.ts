import { eventSourceMappings } from './event-source.ts';
import { type Faults, noFaults } from './faults.ts';
import { moveTasks } from './move-tasks.ts';
import { countRequests, type Message, md5, openQueue, type Queue, systemAttributes } from './queue.ts';
import { records } from './store.ts';
import { AwsError, type Context, type ResourceHandler, type Service } from './types.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_HIDDEN_SECONDS = 12 * 3_600;
const MAX_DELAY_SECONDS = 900;

type Entry = { Id: string; MessageBody: string; MessageGroupId?: string; DelaySeconds?: number };
type Input = Entry & {
  QueueUrl: string;
  Entries: Entry[];
  MaxNumberOfMessages?: number;
  ReceiptHandle?: string;
  VisibilityTimeout?: number;
  SourceArn?: string;
  DestinationArn?: string;
  MaxNumberOfMessagesPerSecond?: number;
  TaskHandle?: string;
};
/** Input of the SDK that has an effect, or may be ignored because everything is answered at once and in full. */
const INPUTS = [
  ...['QueueUrl', 'Entries', 'Id', 'MessageBody', 'MessageGroupId', 'MaxNumberOfMessages', 'WaitTimeSeconds'],
  ...['AttributeNames', 'MessageSystemAttributeNames', 'MessageAttributeNames', 'ReceiptHandle', 'VisibilityTimeout'],
  ...['SourceArn', 'DestinationArn', 'MaxNumberOfMessagesPerSecond', 'TaskHandle', 'MaxResults', 'DelaySeconds'],
];

/**
 * SQS: standard queues only, with fair groups. Long polling answers at once: event source mappings are pushed, and a
 * poller that waits would hold virtual time still.
 */
export const sqs = (ctx: Context, { faults = noFaults }: { faults?: Faults } = {}): Service => {
  const kept = records<Message>(ctx.store, 'messages');
  const queues = new Map<string, Queue>();
  const find = (name = ''): Queue => {
    const queue = queues.get(name);
    if (!queue) throw new AwsError('QueueDoesNotExist', `The specified queue does not exist: ${name}`);
    return queue;
  };
  const byArn = (arn: string) => find(arn.split(':')[5]);
  const byUrl = (url: string) => find(url.split('/').at(-1));
  const tasks = moveTasks(ctx.clock, byArn);

  const send = (queueUrl: string, entries: Entry[]) => {
    const queue = byUrl(queueUrl);
    const messages = entries.map(({ Id, MessageBody: body, MessageGroupId: group, DelaySeconds = 0 }) => ({
      ...{ Id, body, group },
      delayMs: DelaySeconds * 1_000,
    }));
    const bytes = messages.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    if (entries.length > 10) throw new AwsError('TooManyEntriesInBatchRequest', 'A batch has at most 10 entries.');
    if (bytes > MAX_BYTES) {
      throw new AwsError('BatchRequestTooLong', `Requests have at most ${MAX_BYTES} bytes; this one has ${bytes}.`);
    }
    if (messages.some(({ delayMs }) => delayMs < 0 || delayMs > MAX_DELAY_SECONDS * 1_000)) {
      throw new AwsError('InvalidParameterValue', `DelaySeconds is 0 to ${MAX_DELAY_SECONDS}.`);
    }
    countRequests(ctx, 'SendMessage', messages);
    return messages.map(({ Id, body, group, delayMs }) => ({
      Id,
      MessageId: queue.send(body, group, undefined, delayMs),
      MD5OfMessageBody: md5(body),
    }));
  };

  const actions: Record<string, (input: Input) => object | undefined> = {
    SendMessage: (input) => send(input.QueueUrl, [input])[0],
    SendMessageBatch: ({ QueueUrl, Entries }) => ({ Successful: send(QueueUrl, Entries) }),
    ReceiveMessage({ QueueUrl, MaxNumberOfMessages = 1, VisibilityTimeout }) {
      const hiddenMs = VisibilityTimeout === undefined ? undefined : VisibilityTimeout * 1_000;
      const taken = byUrl(QueueUrl).take(MaxNumberOfMessages, hiddenMs);
      countRequests(ctx, 'ReceiveMessage', taken);
      const Messages = taken.map((message) => ({
        MessageId: message.id,
        ReceiptHandle: message.receipt,
        Body: message.body,
        MD5OfBody: md5(message.body),
        Attributes: systemAttributes(message),
        ...(message.attributes && { MessageAttributes: textAttributes(message.attributes) }),
      }));
      return Messages.length > 0 ? { Messages } : {};
    },
    DeleteMessage({ QueueUrl, ReceiptHandle = '' }) {
      countRequests(ctx, 'DeleteMessage', []);
      byUrl(QueueUrl).remove(ReceiptHandle);
      return {};
    },
    /** All of what there is here, whichever are asked for. */
    GetQueueAttributes({ QueueUrl }) {
      countRequests(ctx, 'GetQueueAttributes', []);
      const queue = byUrl(QueueUrl);
      const counts = { visible: String(queue.visible()), inFlight: String(queue.inFlight()) };
      return {
        Attributes: {
          QueueArn: queue.settings.arn,
          ApproximateNumberOfMessages: counts.visible,
          ApproximateNumberOfMessagesNotVisible: counts.inFlight,
        },
      };
    },
    StartMessageMoveTask({ SourceArn = '', DestinationArn, MaxNumberOfMessagesPerSecond }) {
      const isSource = [...queues.values()].some(({ settings }) => settings.redrive?.deadLetterTargetArn === SourceArn);
      if (!isSource)
        throw new AwsError('InvalidParameterValue', 'Source queue must be configured as a dead-letter queue.');
      return { TaskHandle: tasks.start(SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond) };
    },
    ListMessageMoveTasks: ({ SourceArn = '' }) => ({ Results: tasks.list(SourceArn) }),
    CancelMessageMoveTask: ({ TaskHandle = '' }) => ({
      ApproximateNumberOfMessagesMoved: tasks.cancel(TaskHandle),
    }),
    ChangeMessageVisibility({ QueueUrl, ReceiptHandle = '', VisibilityTimeout = 0 }) {
      if (VisibilityTimeout < 0 || VisibilityTimeout > MAX_HIDDEN_SECONDS) {
        throw new AwsError('InvalidParameterValue', `VisibilityTimeout is 0 to ${MAX_HIDDEN_SECONDS} seconds.`);
      }
      countRequests(ctx, 'ChangeMessageVisibility', []);
      if (byUrl(QueueUrl).hideFor(ReceiptHandle, VisibilityTimeout * 1_000)) return {};
      throw new AwsError('MessageNotInflight', 'The message is not in flight.');
    },
  };

  ctx.services.sqs = {
    send: (arn, body, { group, attributes } = {}) => void byArn(arn).send(body, group, attributes),
  };

  const queueResource: ResourceHandler = {
    supported: ['QueueName', 'VisibilityTimeout', 'MessageRetentionPeriod', 'RedrivePolicy'],
    ignored: ['SqsManagedSseEnabled', 'Tags'],
    create({ logicalId, stack, properties }) {
      const name = String(properties.QueueName ?? `${stack}-${logicalId}`);
      const arn = `arn:aws:sqs:${ctx.region}:${ctx.account}:${name}`;
      const redrive = properties.RedrivePolicy as { deadLetterTargetArn: string; maxReceiveCount: number } | undefined;
      const settings = {
        name,
        arn,
        visibilityMs: Number(properties.VisibilityTimeout ?? 30) * 1000,
        retentionMs: Number(properties.MessageRetentionPeriod ?? 345_600) * 1000,
        ...(redrive && { redrive }),
      };
      queues.set(name, openQueue(ctx, settings, kept, byArn));
      return { ref: `${ctx.endpoint()}/${ctx.account}/${name}`, attributes: { Arn: arn, QueueName: name } };
    },
  };

  const { resource, start, stop } = eventSourceMappings(ctx, byArn, faults);
  return {
    signingName: 'sqs',
    resources: { 'AWS::SQS::Queue': queueResource, 'AWS::Lambda::EventSourceMapping': resource },
    async handle(request) {
      const action = actions[request.action];
      const input = JSON.parse((await request.body()).toString()) as Input;
      const names = [input, ...(input.Entries ?? [])].flatMap(Object.keys);
      const odd = action ? names.find((name) => !INPUTS.includes(name)) : request.action;
      if (!action || odd) throw new AwsError('UnsupportedOperation', `The local SQS does not support ${odd}`);
      return { body: action(input) ?? {} };
    },
    start,
    stop,
  };
};

const textAttributes = (attributes: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
