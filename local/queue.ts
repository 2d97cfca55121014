import { createHash, randomUUID } from 'node:crypto';
import type { Records } from './store.ts';
import type { Context } from './types.ts';

export type QueueSettings = {
  name: string;
  arn: string;
  visibilityMs: number;
  retentionMs: number;
  redrive?: { deadLetterTargetArn: string; maxReceiveCount: number };
};
export type Message = {
  id: string;
  queue: string;
  body: string;
  group?: string;
  /** Message attributes, all of them text. */
  attributes?: Record<string, string>;
  sentMs: number;
  /** Hidden until then, from the beginning. */
  dueMs?: number;
  firstReceivedMs?: number;
  receives: number;
  deadLetterSource?: string;
};
/** The receipt changes with every receive. */
export type Delivered = Message & { receipt: string };
export type Queue = ReturnType<typeof openQueue>;

type Waiting = { message: Message; next?: Waiting };

/**
 * A standard queue: order and visibility in memory, messages also in `kept`. A restart makes messages in flight visible
 * at once. Message groups take turns, one message each, which is what a fair queue does to a noisy group from the first
 * message on (AWS: once the group has over 10 % of the messages in flight or of the consumers' time).
 */
export const openQueue = (
  { clock }: Context,
  settings: QueueSettings,
  kept: Records<Message>,
  queueOf: (arn: string) => { adopt(message: Message, sourceArn: string): void },
) => {
  /** Lines of visible messages by group, in the order in which the groups are served. */
  const lines = new Map<string, { first: Waiting; last: Waiting }>();
  /** What ends the visibility timeout, by receipt. */
  const inFlight = new Map<string, { message: Message; cancel: () => void }>();
  const listeners: (() => void)[] = [];
  let visible = 0;

  const show = (message: Message) => {
    visible += 1;
    const waiting: Waiting = { message };
    const line = lines.get(message.group ?? '');
    if (line) line.last = line.last.next = waiting;
    else lines.set(message.group ?? '', { first: waiting, last: waiting });
    for (const listener of listeners) listener();
  };

  /** The next message of the group whose turn it is. */
  const shift = (): Message | undefined => {
    for (const [group, { first, last }] of lines) {
      visible -= 1;
      lines.delete(group);
      if (first.next) lines.set(group, { first: first.next, last });
      return first.message;
    }
    return undefined;
  };

  const hide = (receipt: string, message: Message, ms: number) => {
    const cancel = clock.at(clock.now() + ms, () => {
      inFlight.delete(receipt);
      show(message);
    });
    inFlight.set(receipt, { message, cancel });
  };

  const receive = (message: Message, hiddenMs: number): Delivered => {
    message.receives += 1;
    message.firstReceivedMs ??= clock.now();
    kept.put(message);
    const receipt = `${message.id}.${message.receives}`;
    hide(receipt, message, hiddenMs);
    return { ...message, receipt };
  };

  /** Shows it when its delay is over. */
  const begin = (message: Message) => {
    if (message.dueMs === undefined || message.dueMs <= clock.now()) show(message);
    else clock.at(message.dueMs, () => show(message));
  };

  for (const message of kept.left) if (message.queue === settings.name) begin(message);

  return {
    settings,
    visible: () => visible,
    inFlight: () => inFlight.size,
    send(body: string, group?: string, attributes?: Record<string, string>, delayMs = 0): string {
      const id = randomUUID();
      const more = { ...(group && { group }), ...(attributes && { attributes }) };
      const due = delayMs > 0 && { dueMs: clock.now() + delayMs };
      const message = { id, queue: settings.name, body, ...more, sentMs: clock.now(), ...due, receives: 0 };
      kept.put(message);
      begin(message);
      return id;
    },
    /** Up to `max` messages, now invisible. Spent ones go to the dead letters, expired ones vanish. */
    take(max: number, hiddenMs = settings.visibilityMs): Delivered[] {
      const { redrive, retentionMs } = settings;
      const taken: Delivered[] = [];
      while (taken.length < max) {
        const message = shift();
        if (!message) break;
        if (message.sentMs + retentionMs < clock.now()) kept.remove(message.id);
        else if (redrive && message.receives >= redrive.maxReceiveCount) {
          queueOf(redrive.deadLetterTargetArn).adopt(message, settings.arn);
        } else taken.push(receive(message, hiddenMs));
      }
      return taken;
    },
    /** Deletes a message in flight. A receipt of an earlier delivery changes nothing. */
    remove(receipt: string): void {
      const found = inFlight.get(receipt);
      if (!found) return;
      found.cancel();
      inFlight.delete(receipt);
      kept.remove(found.message.id);
    },
    /** Changes how long from now on a message in flight is hidden. False for a receipt of an earlier delivery. */
    hideFor(receipt: string, ms: number): boolean {
      const found = inFlight.get(receipt);
      if (!found) return false;
      found.cancel();
      hide(receipt, found.message, ms);
      return true;
    },
    /** Takes over a message whose receives are spent. It keeps its id and its age. */
    adopt(message: Message, deadLetterSource: string): void {
      const adopted = { ...message, queue: settings.name, receives: 0, deadLetterSource };
      kept.put(adopted);
      show(adopted);
    },
    /** `listener` is called whenever a message becomes visible. */
    onVisible: (listener: () => void) => void listeners.push(listener),
  };
};

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** System attributes of a delivery, as ReceiveMessage and Lambda's records name them. */
export const systemAttributes = (message: Delivered): Record<string, string> => ({
  ApproximateReceiveCount: String(message.receives),
  SentTimestamp: String(message.sentMs),
  SenderId: 'local',
  ApproximateFirstReceiveTimestamp: String(message.firstReceivedMs),
  ...(message.group && { MessageGroupId: message.group }),
  ...(message.deadLetterSource && { DeadLetterQueueSourceArn: message.deadLetterSource }),
});

/** A call carries ten messages; each 64 KB of it is a request, and with message groups pays the fair-queue surcharge. */
export const countRequests = (ctx: Context, name: string, messages: { body: string; group?: string | undefined }[]) => {
  for (let n = 0; n < Math.max(1, messages.length); n += 10) {
    const call = messages.slice(n, n + 10);
    const bytes = call.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    const requests = Math.max(1, Math.ceil(bytes / 65_536));
    ctx.meter.count('sqs-request', requests, `sqs:${name}`);
    if (call.some(({ group }) => group)) ctx.meter.count('sqs-fair-surcharge', requests, `sqs:${name}`);
  }
};
