import type { Faults } from './faults.ts';
import { countRequests, type Delivered, md5, type Queue, systemAttributes } from './queue.ts';
import type { Context, InvokeResult, ResourceHandler } from './types.ts';

type Mapping = { queue: Queue; functionArn: string; batchSize: number; windowMs: number; concurrency: number };

/**
 * SQS event source mappings. Delivery is pushed by the queue, so nothing runs while queues are empty (AWS polls, and
 * bills some empty receives that the meter leaves out). Messages of a failed batch return when their visibility ends.
 */
export const eventSourceMappings = (ctx: Context, byArn: (arn: string) => Queue, faults: Faults) => {
  const looks: (() => void)[] = [];
  const batches = new Set<Promise<void>>();
  let running = false;

  const open = (mapping: Mapping, partialFailures: boolean) => {
    const { queue, functionArn, batchSize, windowMs, concurrency } = mapping;
    let underWay = 0;
    let scheduled = false;
    /** Set while a batching window is open; ends it. */
    let window: (() => void) | undefined;

    /** Looks at the queue in the next turn, so that messages of one call travel in one batch. */
    const look = () => {
      if (!running || scheduled) return;
      scheduled = true;
      const leave = ctx.clock.enter();
      setImmediate(() => {
        scheduled = false;
        dispatch(false);
        leave();
      });
    };

    const dispatch = (windowEnded: boolean) => {
      while (running && underWay < concurrency && queue.visible() > 0) {
        if (queue.visible() < batchSize && windowMs > 0 && !windowEnded) {
          window ??= ctx.clock.at(ctx.clock.now() + windowMs, () => {
            window = undefined;
            dispatch(true);
          });
          return;
        }
        window?.();
        window = undefined;
        const messages = queue.take(batchSize);
        if (messages.length === 0) return;
        const batch = deliver(messages).finally(() => batches.delete(batch));
        batches.add(batch);
      }
    };

    const deliver = async (messages: Delivered[]): Promise<void> => {
      let leave = ctx.clock.enter();
      underWay += 1;
      countRequests(ctx, 'ReceiveMessage', messages);
      const event = { Records: messages.map((message) => recordOf(message, queue.settings.arn, ctx.region)) };
      // Only the invocation itself is in flight meanwhile, so that time may move while it waits.
      const invoke = async () => {
        const invoked = ctx.services.lambda.invoke(functionArn, event, { mayWait: true });
        leave();
        const outcome = await invoked;
        leave = ctx.clock.enter();
        return outcome;
      };
      let result = await invoke();
      if (faults('duplicateBatch')) result = await invoke();
      if (running) {
        const failed = failedIds(result, messages, partialFailures);
        const done = messages.filter((message) => !failed.has(message.id)).map((message) => ({ ...message, body: '' }));
        for (const { receipt } of done) queue.remove(receipt);
        if (done.length > 0) countRequests(ctx, 'DeleteMessage', done);
      }
      underWay -= 1;
      look();
      leave();
    };

    looks.push(look);
    queue.onVisible(look);
  };

  const resource: ResourceHandler = {
    supported: [
      ...['EventSourceArn', 'FunctionName', 'BatchSize', 'MaximumBatchingWindowInSeconds', 'ScalingConfig'],
      'FunctionResponseTypes',
    ],
    ignored: ['Tags'],
    create({ logicalId, properties }) {
      const functionArn = String(properties.FunctionName);
      const { MaximumConcurrency = 1_000 } = (properties.ScalingConfig ?? {}) as { MaximumConcurrency?: number };
      const mapping = {
        queue: byArn(String(properties.EventSourceArn)),
        functionArn,
        batchSize: Number(properties.BatchSize ?? 10),
        windowMs: Number(properties.MaximumBatchingWindowInSeconds ?? 0) * 1000,
        // Batches beyond what the function can run at once would only let their visibility run out in line.
        concurrency: Math.min(MaximumConcurrency, ctx.services.lambda.concurrency(functionArn)),
      };
      open(mapping, properties.FunctionResponseTypes !== undefined);
      return { ref: logicalId };
    },
  };

  return {
    resource,
    start() {
      running = true;
      for (const look of looks) look();
    },
    /** Resolves when no batch is under way. What they had not finished stays in the queue. */
    async stop() {
      running = false;
      await Promise.all(batches);
    },
  };
};

/**
 * Message ids that stay in the queue. AWS: an empty or null result, or an empty or null list, is success; an identifier
 * that is missing, empty or not in the batch fails the whole batch, and so does an error.
 */
const failedIds = (result: InvokeResult, messages: Delivered[], partialFailures: boolean): Set<string> => {
  const all = new Set(messages.map((message) => message.id));
  if (!result.ok) return all;
  if (!partialFailures || result.value === null) return new Set();
  if (typeof result.value !== 'object') return all;
  const { batchItemFailures } = result.value as { batchItemFailures?: ({ itemIdentifier?: string } | null)[] | null };
  const ids = [batchItemFailures ?? []].flat().map((failure) => failure?.itemIdentifier ?? '');
  return ids.every((id) => all.has(id)) ? new Set(ids) : all;
};

const recordOf = (message: Delivered, eventSourceARN: string, awsRegion: string) => ({
  messageId: message.id,
  receiptHandle: message.receipt,
  body: message.body,
  attributes: systemAttributes(message),
  messageAttributes: {},
  md5OfBody: md5(message.body),
  eventSource: 'aws:sqs',
  eventSourceARN,
  awsRegion,
});
