import {
  CancelMessageMoveTaskCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../local/clock.ts';
import { arnOf, fn, mapping, miniCloud, queue } from './mini-cloud.ts';

const START = Date.UTC(1998, 6, 1);
const open: { stop(): Promise<void> }[] = [];
const cloudOf = async (resources: Parameters<typeof miniCloud>[1], options: Parameters<typeof miniCloud>[2] = {}) => {
  const cloud = await miniCloud<VirtualClock>(virtualClock(START), resources, options);
  open.push(cloud);
  return cloud;
};
type Cloud = Awaited<ReturnType<typeof cloudOf>>;
afterEach(async () => {
  await Promise.all(open.splice(0).map((cloud) => cloud.stop()));
});

const send = (cloud: Cloud, id: string, body: string, more: object = {}) =>
  cloud.sqs.send(new SendMessageCommand({ QueueUrl: cloud.ref(id), MessageBody: body, ...more }));
const sendBatch = (cloud: Cloud, id: string, bodies: string[], more: object = {}) => {
  const Entries = bodies.map((MessageBody, n) => ({ Id: String(n), MessageBody, ...more }));
  return cloud.sqs.send(new SendMessageBatchCommand({ QueueUrl: cloud.ref(id), Entries }));
};
const receive = async (cloud: Cloud, id: string, more: object = {}) =>
  (await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl: cloud.ref(id), ...more }))).Messages ?? [];

describe('the API', () => {
  test('a message is received with its attributes, invisible until its visibility ends', async () => {
    const cloud = await cloudOf({ Q: queue({ VisibilityTimeout: 30 }) });
    await send(cloud, 'Q', 'one');
    const [first] = await receive(cloud, 'Q');
    expect(first).toMatchObject({
      Body: 'one',
      Attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(START) },
    });
    expect(await receive(cloud, 'Q')).toEqual([]);
    await cloud.clock.advance(29_999);
    expect(await receive(cloud, 'Q')).toEqual([]);
    await cloud.clock.advance(1);
    const [second] = await receive(cloud, 'Q');
    expect(second).toMatchObject({ MessageId: first!.MessageId, Attributes: { ApproximateReceiveCount: '2' } });
  });

  test('a message in flight is hidden for as long as its receiver says, from then on', async () => {
    const cloud = await cloudOf({ Q: queue({ VisibilityTimeout: 30 }) });
    await send(cloud, 'Q', 'one');
    const [first] = await receive(cloud, 'Q');
    const hide = (VisibilityTimeout: number) => {
      const input = { QueueUrl: cloud.ref('Q'), ReceiptHandle: first!.ReceiptHandle, VisibilityTimeout };
      return cloud.sqs.send(new ChangeMessageVisibilityCommand(input));
    };
    await cloud.clock.advance(10_000);
    await hide(60);
    await cloud.clock.advance(59_999);
    expect(await receive(cloud, 'Q')).toEqual([]);
    await hide(0);
    await cloud.clock.idle();
    expect(await receive(cloud, 'Q')).toMatchObject([{ Attributes: { ApproximateReceiveCount: '2' } }]);
    await expect(hide(1)).rejects.toMatchObject({ name: 'MessageNotInflight' });
    await expect(hide(43_201)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  test('a message that is delayed shows when its delay is over, each at its own time', async () => {
    const cloud = await cloudOf({ Q: queue() });
    await send(cloud, 'Q', 'late', { DelaySeconds: 900, MessageGroupId: 'g' });
    await sendBatch(cloud, 'Q', ['soon'], { DelaySeconds: 1 });
    await send(cloud, 'Q', 'now');
    const bodies = async () => (await receive(cloud, 'Q', { MaxNumberOfMessages: 10 })).map(({ Body }) => Body);
    expect(await bodies()).toEqual(['now']);
    await cloud.clock.advance(999);
    expect(await bodies()).toEqual([]);
    await cloud.clock.advance(1);
    expect(await bodies()).toEqual(['soon']);
    await cloud.clock.advance(899_000);
    expect(await bodies()).toContain('late');
  });

  test('MessageRetentionPeriod forgets a message', async () => {
    const cloud = await cloudOf({ Q: queue({ VisibilityTimeout: 1, MessageRetentionPeriod: 60 }) });
    await send(cloud, 'Q', 'one');
    await cloud.clock.advance(60_000);
    expect(await receive(cloud, 'Q')).toHaveLength(1);
    await cloud.clock.advance(1_000);
    expect(await receive(cloud, 'Q')).toEqual([]);
  });

  test('after maxReceiveCount receives the message moves to the dead letters and keeps its id', async () => {
    const redrive = { deadLetterTargetArn: arnOf('Dead'), maxReceiveCount: 2 };
    const cloud = await cloudOf({ Q: queue({ VisibilityTimeout: 1, RedrivePolicy: redrive }), Dead: queue() });
    const { MessageId } = await send(cloud, 'Q', 'poison');
    for (let n = 0; n < 2; n += 1) {
      expect(await receive(cloud, 'Q')).toHaveLength(1);
      await cloud.clock.advance(1_000);
    }
    expect(await receive(cloud, 'Q')).toEqual([]);
    expect(await receive(cloud, 'Dead')).toMatchObject([
      {
        MessageId,
        Body: 'poison',
        Attributes: { DeadLetterQueueSourceArn: cloud.arn('Q'), SentTimestamp: String(START) },
      },
    ]);
  });

  test.each([
    ['a message over 1 MiB', (cloud: Cloud) => send(cloud, 'Q', 'x'.repeat(1_048_577)), 'BatchRequestTooLong'],
    [
      'a batch over 1 MiB',
      (cloud: Cloud) => sendBatch(cloud, 'Q', ['x'.repeat(600_000), 'x'.repeat(600_000)]),
      'BatchRequestTooLong',
    ],
    ['11 entries', (cloud: Cloud) => sendBatch(cloud, 'Q', Array(11).fill('x')), 'TooManyEntriesInBatchRequest'],
    [
      'an unknown queue',
      (cloud: Cloud) => cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl: `${cloud.url}/0/x` })),
      'QueueDoesNotExist',
    ],
    [
      'a delay over 15 minutes',
      (cloud: Cloud) => send(cloud, 'Q', 'x', { DelaySeconds: 901 }),
      'InvalidParameterValue',
    ],
    [
      'an unknown operation',
      (cloud: Cloud) => cloud.sqs.send(new PurgeQueueCommand({ QueueUrl: cloud.ref('Q') })),
      'UnsupportedOperation',
    ],
  ])('%s is refused', async (_, call, name) => {
    await expect(call(await cloudOf({ Q: queue() }))).rejects.toMatchObject({ name });
  });

  test('every 64 KB is billed as a request, groups with a surcharge', async () => {
    const cloud = await cloudOf({ Q: queue() });
    await sendBatch(cloud, 'Q', ['x'.repeat(65_536), 'x'], { MessageGroupId: 'g' });
    await send(cloud, 'Q', 'x');
    expect(cloud.meter.snapshot()).toEqual({
      'sqs-request': { 'sqs:SendMessage': { units: 3, calls: 2 } },
      'sqs-fair-surcharge': { 'sqs:SendMessage': { units: 2, calls: 1 } },
    });
  });
});

describe('dead letters', () => {
  /** `count` messages, all of them dead. */
  const withDead = async (count: number) => {
    const redrive = { deadLetterTargetArn: arnOf('Dead'), maxReceiveCount: 1 };
    const cloud = await cloudOf({ Q: queue({ VisibilityTimeout: 1, RedrivePolicy: redrive }), Dead: queue() });
    for (let n = 0; n < count; n += 1) await send(cloud, 'Q', `m${n}`, { MessageGroupId: 'g' });
    while ((await receive(cloud, 'Q', { MaxNumberOfMessages: 10 })).length > 0);
    await cloud.clock.advance(1_000);
    while ((await receive(cloud, 'Q', { MaxNumberOfMessages: 10 })).length > 0);
    return cloud;
  };
  const counts = async (cloud: Cloud, id: string) => {
    const { Attributes = {} } = await cloud.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: cloud.ref(id), AttributeNames: ['All'] }),
    );
    return [Attributes.ApproximateNumberOfMessages, Attributes.ApproximateNumberOfMessagesNotVisible].map(Number);
  };
  const start = (cloud: Cloud, id: string, perSecond = 2) =>
    cloud.sqs.send(
      new StartMessageMoveTaskCommand({ SourceArn: cloud.arn(id), MaxNumberOfMessagesPerSecond: perSecond }),
    );
  const task = async (cloud: Cloud) =>
    (await cloud.sqs.send(new ListMessageMoveTasksCommand({ SourceArn: cloud.arn('Dead') }))).Results?.[0];

  test('are counted, and deleted by their receipt', async () => {
    const cloud = await withDead(2);
    expect(await counts(cloud, 'Dead')).toEqual([2, 0]);
    const [one] = await receive(cloud, 'Dead', { VisibilityTimeout: 5 });
    expect(await counts(cloud, 'Dead')).toEqual([1, 1]);
    const input = { QueueUrl: cloud.ref('Dead'), ReceiptHandle: one!.ReceiptHandle };
    await cloud.sqs.send(new DeleteMessageCommand(input));
    await cloud.clock.advance(5_000);
    expect(await counts(cloud, 'Dead')).toEqual([1, 0]);
  });

  test('go back as new messages, so many a second', async () => {
    const cloud = await withDead(5);
    await start(cloud, 'Dead');
    await cloud.clock.advance(0);
    expect(await task(cloud)).toMatchObject({
      Status: 'RUNNING',
      ApproximateNumberOfMessagesMoved: 2,
      ApproximateNumberOfMessagesToMove: 5,
    });
    await expect(start(cloud, 'Dead')).rejects.toMatchObject({ name: 'UnsupportedOperation' });
    await cloud.clock.advance(2_000);
    expect(await task(cloud)).toMatchObject({ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 5 });
    expect(await counts(cloud, 'Dead')).toEqual([0, 0]);
    const back = await receive(cloud, 'Q', { MaxNumberOfMessages: 10 });
    expect(back.map(({ Body }) => Body).sort()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
    expect(back[0]!.Attributes).toMatchObject({ ApproximateReceiveCount: '1', MessageGroupId: 'g' });
  });

  test('a move that is cancelled leaves the rest where it is', async () => {
    const cloud = await withDead(5);
    const { TaskHandle } = await start(cloud, 'Dead');
    await cloud.clock.advance(0);
    await cloud.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
    await cloud.clock.advance(60_000);
    expect(await task(cloud)).toMatchObject({ Status: 'CANCELLED', ApproximateNumberOfMessagesMoved: 2 });
    expect(await counts(cloud, 'Dead')).toEqual([3, 0]);
  });

  test('of no queue cannot be moved, nor faster than SQS does', async () => {
    const cloud = await withDead(1);
    await expect(start(cloud, 'Q')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(start(cloud, 'Dead', 501)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});

const HANDLER = (body: string) => `export const handler = async ({ Records }) => {
  console.info({ batch: Records.map((record) => record.body), at: Date.now() });
  ${body}
};`;
const batches = (cloud: Cloud, id = 'F') =>
  cloud
    .logs(id)
    .filter((line) => line.level === 'INFO')
    .map((line) => line.message as { batch: string[]; at: number });

describe('event source mappings', () => {
  test('records look as Lambda delivers them, and a success deletes them', async () => {
    const cloud = await cloudOf({
      Q: queue(),
      F: fn('export const handler = async (event) => { console.info(event); };'),
      M: mapping('Q', 'F'),
    });
    await send(cloud, 'Q', 'hello', {
      MessageGroupId: 'shop',
    });
    await cloud.clock.advance(3_600_000);
    expect(cloud.logs('F').map((line) => line.message)).toEqual([
      {
        Records: [
          {
            messageId: expect.any(String),
            receiptHandle: expect.any(String),
            body: 'hello',
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: String(START),
              SenderId: 'local',
              ApproximateFirstReceiveTimestamp: String(START),
              MessageGroupId: 'shop',
            },
            messageAttributes: {},
            md5OfBody: '5d41402abc4b2a76b9719d911017c592',
            eventSource: 'aws:sqs',
            eventSourceARN: cloud.arn('Q'),
            awsRegion: 'us-east-1',
          },
        ],
      },
    ]);
    expect(await receive(cloud, 'Q')).toEqual([]);
  });

  test('messages of one call travel in one batch, at most BatchSize', async () => {
    const cloud = await cloudOf({
      Q: queue(),
      F: fn(HANDLER('')),
      M: mapping('Q', 'F', { BatchSize: 4, ScalingConfig: { MaximumConcurrency: 2 } }),
    });
    await sendBatch(cloud, 'Q', [...'abcdefghij']);
    await cloud.clock.idle();
    expect(
      batches(cloud)
        .map(({ batch }) => batch.length)
        .toSorted(),
    ).toEqual([2, 4, 4]);
  });

  test('a batching window gathers, but a full batch does not wait', async () => {
    const cloud = await cloudOf({
      Q: queue(),
      F: fn(HANDLER('')),
      M: mapping('Q', 'F', { BatchSize: 3, MaximumBatchingWindowInSeconds: 5 }),
    });
    await send(cloud, 'Q', 'a');
    await cloud.clock.advance(4_000);
    await send(cloud, 'Q', 'b');
    expect(batches(cloud)).toEqual([]);
    await cloud.clock.advance(1_000);
    expect(batches(cloud)).toEqual([{ batch: ['a', 'b'], at: START + 5_000 }]);
    await sendBatch(cloud, 'Q', ['c', 'd', 'e']);
    await cloud.clock.idle();
    expect(batches(cloud).at(-1)!.batch).toEqual(['c', 'd', 'e']);
  });

  const PARTIAL = { FunctionResponseTypes: ['ReportBatchItemFailures'] };
  test.each([
    ['null', 'return null;', []],
    ['nothing', '', []],
    ['an empty object', 'return {};', []],
    ['a null list', 'return { batchItemFailures: null };', []],
    ['an empty list', 'return { batchItemFailures: [] };', []],
    [
      'one failure',
      "return { batchItemFailures: [{ itemIdentifier: Records.find((r) => r.body === 'b').messageId }] };",
      ['b'],
    ],
    ['an empty identifier', "return { batchItemFailures: [{ itemIdentifier: '' }] };", ['a', 'b', 'c']],
    ['a null identifier', 'return { batchItemFailures: [{ itemIdentifier: null }] };', ['a', 'b', 'c']],
    ['a wrong key', 'return { batchItemFailures: [{ id: Records[0].messageId }] };', ['a', 'b', 'c']],
    ['an unknown identifier', "return { batchItemFailures: [{ itemIdentifier: 'x' }] };", ['a', 'b', 'c']],
    ['an answer that is no object', "return 'fine';", ['a', 'b', 'c']],
    ['an error', "throw new Error('no');", ['a', 'b', 'c']],
  ])('partial batch response: %s', async (_, body, again) => {
    const cloud = await cloudOf({
      Q: queue({ VisibilityTimeout: 60 }),
      F: fn(HANDLER(body)),
      M: mapping('Q', 'F', PARTIAL),
    });
    await sendBatch(cloud, 'Q', ['a', 'b', 'c']);
    await cloud.clock.advance(59_000);
    expect(batches(cloud)).toHaveLength(1);
    await cloud.clock.advance(1_000);
    expect(
      batches(cloud)
        .slice(1)
        .flatMap(({ batch }) => batch)
        .toSorted(),
    ).toEqual(again);
  });

  test('without ReportBatchItemFailures the list of failures means nothing', async () => {
    const code = HANDLER('return { batchItemFailures: [{ itemIdentifier: Records[0].messageId }] };');
    const cloud = await cloudOf({ Q: queue(), F: fn(code), M: mapping('Q', 'F') });
    await send(cloud, 'Q', 'a');
    await cloud.clock.advance(600_000);
    expect(batches(cloud)).toHaveLength(1);
  });

  test('poison reaches the dead letters, good neighbours do not', async () => {
    const code = HANDLER(
      "return { batchItemFailures: Records.filter((r) => r.body === 'bad').map((r) => ({ itemIdentifier: r.messageId })) };",
    );
    const cloud = await cloudOf({
      Q: queue({ VisibilityTimeout: 10, RedrivePolicy: { deadLetterTargetArn: arnOf('Dead'), maxReceiveCount: 3 } }),
      Dead: queue(),
      F: fn(code),
      M: mapping('Q', 'F', PARTIAL),
    });
    await sendBatch(cloud, 'Q', ['good', 'bad']);
    await cloud.clock.advance(120_000);
    expect(batches(cloud).map(({ at }) => at - START)).toEqual([0, 10_000, 20_000]);
    expect(await cloud.queueBodies('Dead')).toEqual(['bad']);
  });

  test.each([
    ['unbounded, as many as the function has environments', {}, 3],
    ['MaximumConcurrency', { ScalingConfig: { MaximumConcurrency: 2 } }, 2],
  ])('%s: invocations at once', async (_, more, expected) => {
    const code = `const now = () => performance.timeOrigin + performance.now();
      export const handler = async () => { const from = now();
        await new Promise((resolve) => setTimeout(resolve, 300)); console.info([from, now()]); };`;
    const resources = { Q: queue(), F: fn(code), M: mapping('Q', 'F', { BatchSize: 1, ...more }) };
    const cloud = await cloudOf(resources, { lambda: { environments: 3 } });
    await sendBatch(cloud, 'Q', [...'abcdefghi']);
    await cloud.clock.idle();
    const spans = cloud.logs('F').map((line) => line.message as [number, number]);
    const atOnce = spans.map(([from]) => spans.filter(([start, end]) => start <= from && from < end).length);
    expect(spans).toHaveLength(9);
    expect(Math.max(...atOnce)).toBe(expected);
  });

  test('a noisy group does not delay the others', async () => {
    const cloud = await cloudOf({
      Q: queue(),
      F: fn(HANDLER('')),
      M: mapping('Q', 'F', { ScalingConfig: { MaximumConcurrency: 1 } }),
    });
    for (let n = 0; n < 50; n += 1) cloud.services.sqs.send(cloud.arn('Q'), `noisy-${n}`, { group: 'noisy' });
    cloud.services.sqs.send(cloud.arn('Q'), 'quiet', { group: 'quiet' });
    cloud.services.sqs.send(cloud.arn('Q'), 'lone');
    await cloud.clock.idle();
    const order = batches(cloud).flatMap(({ batch }) => batch);
    expect(order).toHaveLength(52);
    expect(order.indexOf('quiet')).toBeLessThan(10);
    expect(order.indexOf('lone')).toBeLessThan(10);
    expect(order.filter((body) => body.startsWith('noisy'))).toEqual(
      Array.from({ length: 50 }, (_, n) => `noisy-${n}`),
    );
  });

  test('receiving and deleting are billed ten messages a request', async () => {
    const cloud = await cloudOf({
      Q: queue(),
      F: fn(HANDLER('')),
      M: mapping('Q', 'F', { BatchSize: 20, MaximumBatchingWindowInSeconds: 1 }),
    });
    for (let n = 0; n < 15; n += 1) cloud.services.sqs.send(cloud.arn('Q'), 'x');
    await cloud.clock.advance(1_000);
    expect(cloud.meter.snapshot()['sqs-request']).toEqual({
      'sqs:ReceiveMessage': { units: 2, calls: 2 },
      'sqs:DeleteMessage': { units: 2, calls: 2 },
    });
  });
});
