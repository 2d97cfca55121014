import { DatabaseSync } from 'node:sqlite';
import { inbox } from '../../local/inbox.ts';
import { type AsyncSettings, asyncInvocations } from '../../local/lambda-async.ts';
import { pinpoint } from '../../local/pinpoint.ts';
import { scheduler } from '../../local/scheduler.ts';
import { ses } from '../../local/ses.ts';
import { sms } from '../../local/sms.ts';
import { sqs } from '../../local/sqs.ts';
import type { Context, InvokeResult, Service } from '../../local/types.ts';
import { whatsapp } from '../../local/whatsapp.ts';
import type { Chance } from './chance.ts';
import {
  ACCOUNT,
  deadLettersOf,
  ENDPOINT,
  functionArn,
  HELD_DEAD_LETTERS,
  INTAKE_QUEUE,
  queueArn,
  queueUrl,
  RECEIPTS_QUEUE,
  RECEIPTS_TOPIC,
  REGION,
  SEND_QUEUES,
} from './environment.ts';
import type { Faults } from './faults.ts';
import type { Functions } from './functions.ts';
import { Network } from './network.ts';
import { Providers } from './providers.ts';
import type { Tables } from './tables.ts';
import type { Timeline } from './timeline.ts';
import type { Wire } from './wire.ts';

/** Of the simulated channels; the others have no sender here. */
export const SIMULATED = ['push', 'sms', 'email', 'whatsapp', 'inapp'] as const;
export type Simulated = (typeof SIMULATED)[number];
/** What somebody has got. */
export type Arrival = { channel: Simulated; to: string; text: string; atMs: number };

type Props = { timeline: Timeline; chance: Chance; faults: Faults; functions: Functions; wire: Wire; tables: Tables };

/** As lib/send-queues.ts and lib/delivery have it. */
const SENDERS = { maxReceiveCount: 20, visibilitySeconds: 185 };
const RECEIPTS = { maxReceiveCount: 5, visibilitySeconds: 190, batchSize: 100, window: 10, concurrency: 2 };
/** Fewer at once than in production: there are fewer messages. */
const CONCURRENCY = { transactional: 2, promotional: 3 };
const HOUR_MS = 3_600_000;

/** The local cloud's services in this process, on the simulation's clock, behind its wire. */
export class Cloud {
  readonly network: Network;
  readonly providers: Providers;
  readonly objects = new Map<string, Buffer>();
  readonly lake = new Map<string, object[]>();
  private readonly inapp: Arrival[] = [];
  /** Who runs state machines. */
  begin: (machineArn: string, name: string, input: object) => void = () => {};
  private readonly props: Props;
  private readonly ctx: Context;
  private readonly services = new Map<string, Service>();
  private readonly queues: Service;
  private readonly invocations: ReturnType<typeof asyncInvocations>;

  constructor(props: Props) {
    this.props = props;
    const { timeline } = props;
    const store = new DatabaseSync(':memory:');
    const services = {} as Context['services'];
    const meter = { count() {} };
    const ctx = {
      clock: timeline,
      store,
      meter,
      dataDir: '',
      region: REGION,
      account: ACCOUNT,
      endpoint: () => ENDPOINT,
      services,
    };
    this.ctx = ctx;
    services.lambda = {
      invoke: (arn: string, event: unknown) => this.invoke(arn, event),
      invokeAsync: async (arn: string, event: unknown) => this.invocations.accept(arn, event),
      concurrency: () => 1_000,
    };
    services.sns = { publish: (_topic, message) => this.receipt(message) };
    services.bus = {
      put: (_bus, { source, detailType, detail }) =>
        this.receipt(JSON.stringify({ source, 'detail-type': detailType, detail })),
    };
    services.deliver = async (arn, payload) => this.deliver(arn, payload);
    const settingsOf = (): AsyncSettings => ({ retries: 2, onFailure: queueArn(HELD_DEAD_LETTERS) });
    this.invocations = asyncInvocations(ctx, (arn, event) => this.invoke(arn, event), settingsOf);
    this.queues = sqs(ctx);
    const schedules = scheduler(ctx);
    for (const service of [this.queues, schedules, ses(ctx), sms(ctx), pinpoint(ctx), whatsapp(ctx)])
      this.services.set(service.signingName, service);
    this.providers = new Providers(props);
    this.network = new Network({
      ...props,
      ...{ providers: this.providers, services: this.services, objects: this.objects, lake: this.lake },
      send: (url, entry) => this.send(url.split('/').at(-1) ?? '', entry.MessageBody, entry.MessageGroupId),
      invokeAsync: (arn, payload) => this.invocations.accept(arn, payload),
      begin: (arn, name, input) => this.begin(arn, name, input),
      received: (to, text) => void this.inapp.push({ channel: 'inapp', to, text, atMs: timeline.now() }),
    });
    this.make('scheduler', 'AWS::Scheduler::ScheduleGroup', 'held', { Name: 'held' });
    this.make('mobiletargeting', 'AWS::Pinpoint::App', 'app', {});
    this.make('sms-voice', 'AWS::SMSVOICE::ConfigurationSet', 'texts', {
      EventDestinations: [{ EventDestinationName: 'd', SnsDestination: { TopicArn: RECEIPTS_TOPIC } }],
    });
    this.make('ses', 'AWS::SES::ConfigurationSet', 'emails', {});
    this.hearEmails('bus', ['DELIVERY', 'BOUNCE', 'COMPLAINT'], {});
    this.hearEmails('topic', ['BOUNCE', 'COMPLAINT'], { SnsDestination: { TopicARN: RECEIPTS_TOPIC } });
    for (const { name, channel, lane } of SEND_QUEUES) {
      const batchSize = lane === 'promotional' ? 5 : 10;
      const window = lane === 'promotional' ? 5 : 0;
      const consume = { ...SENDERS, batchSize, window, concurrency: CONCURRENCY[lane] };
      const isSimulated = (SIMULATED as readonly string[]).includes(channel);
      this.queue(name, SENDERS.visibilitySeconds, SENDERS.maxReceiveCount);
      if (isSimulated) this.consume(name, `delivery/send-${channel}`, consume);
    }
    this.queue(RECEIPTS_QUEUE, RECEIPTS.visibilitySeconds, RECEIPTS.maxReceiveCount);
    this.consume(RECEIPTS_QUEUE, 'delivery/record-receipts', RECEIPTS);
    this.queue(INTAKE_QUEUE, 180, 15);
    this.make('sqs', 'AWS::SQS::Queue', HELD_DEAD_LETTERS, { QueueName: HELD_DEAD_LETTERS });
    void this.queues.start?.();
  }

  private make(service: string, type: string, logicalId: string, properties: Record<string, unknown>) {
    this.services.get(service)?.resources[type]?.create({ logicalId, stack: 'simulated', properties });
  }

  private hearEmails(logicalId: string, MatchingEventTypes: string[], where: object): void {
    const EventDestination = { Enabled: true, MatchingEventTypes, ...where };
    this.make('ses', 'AWS::SES::ConfigurationSetEventDestination', logicalId, {
      ConfigurationSetName: 'emails',
      EventDestination,
    });
  }

  private queue(QueueName: string, VisibilityTimeout: number, maxReceiveCount: number): void {
    const dead = deadLettersOf(QueueName);
    const MessageRetentionPeriod = 14 * 86_400;
    this.make('sqs', 'AWS::SQS::Queue', dead, { QueueName: dead, MessageRetentionPeriod });
    const RedrivePolicy = { deadLetterTargetArn: queueArn(dead), maxReceiveCount };
    this.make('sqs', 'AWS::SQS::Queue', QueueName, {
      QueueName,
      MessageRetentionPeriod,
      VisibilityTimeout,
      RedrivePolicy,
    });
  }

  private consume(
    queue: string,
    fn: string,
    settings: { batchSize: number; window: number; concurrency: number },
  ): void {
    this.make('sqs', 'AWS::Lambda::EventSourceMapping', queue, {
      EventSourceArn: queueArn(queue),
      FunctionName: functionArn(fn),
      BatchSize: settings.batchSize,
      MaximumBatchingWindowInSeconds: settings.window,
      ScalingConfig: { MaximumConcurrency: settings.concurrency },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  }

  /** SQS may give a batch out again: beside the first time, or although that succeeded. What comes of it changes nothing. */
  private async invoke(arn: string, event: unknown): Promise<InvokeResult> {
    const { timeline, chance, faults, functions } = this.props;
    const name = arn.slice(arn.lastIndexOf(':') + 1).replace('-', '/');
    const isBatch = (event as { Records?: unknown[] }).Records !== undefined;
    const again = (ms: number) => timeline.after(ms, () => void functions.invoke(name, event));
    if (isBatch && faults.happens('delivered-twice')) again(chance.int(0, 3_000));
    const result = await functions.invoke(name, event);
    if (isBatch && result.ok && faults.happens('delivered-again-after-success')) again(chance.int(0, HOUR_MS));
    return result;
  }

  /** From a handler to a queue: it may take a while until it can be received, and order is not kept. */
  send(queue: string, body: string, group?: string): void {
    const { timeline, chance, faults } = this.props;
    const lateMs = faults.happens('message-late') ? chance.int(0, 120_000) : chance.int(0, 500);
    timeline.after(lateMs, () => this.ctx.services.sqs.send(queueArn(queue), body, group ? { group } : {}));
  }

  private receipt(body: string): void {
    const { timeline, chance, faults } = this.props;
    if (faults.happens('receipt-lost')) return;
    const times = faults.happens('receipt-twice') ? 2 : 1;
    for (let n = 0; n < times; n += 1) {
      const lateMs = faults.happens('receipt-late') ? chance.int(0, 6 * HOUR_MS) : chance.int(0, 60_000);
      timeline.after(lateMs, () => this.send(RECEIPTS_QUEUE, body));
    }
  }

  private deliver(arn: string, payload: unknown): void {
    const { timeline, chance } = this.props;
    // Scheduler takes up to a minute.
    if (arn.includes(':lambda:')) timeline.after(chance.int(0, 60_000), () => this.invocations.accept(arn, payload));
    else this.ctx.services.sqs.send(arn, JSON.stringify(payload));
  }

  /** Everything that anybody has got, in the order of time. */
  arrivals(): Arrival[] {
    const others = inbox(this.ctx)
      .list({ limit: -1 })
      .map(({ channel, to, title, body, html = '', atMs }): Arrival => {
        return { channel: channel as Simulated, to, text: `${title} ${body} ${html}`, atMs };
      });
    return [...others, ...this.inapp].sort((a, b) => a.atMs - b.atMs);
  }

  /** What is in queues, by name: also what is hidden. */
  async waiting(): Promise<Map<string, number>> {
    const names = [...SEND_QUEUES.map(({ name }) => name), RECEIPTS_QUEUE].flatMap((name) => [
      name,
      deadLettersOf(name),
    ]);
    const found = new Map<string, number>();
    for (const name of [...names, HELD_DEAD_LETTERS]) {
      const body = async () => Buffer.from(JSON.stringify({ QueueUrl: queueUrl(name) }));
      const answer = await this.queues.handle({ action: 'GetQueueAttributes', body } as never);
      const { Attributes } = answer.body as { Attributes: Record<string, string> };
      const count =
        Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible);
      if (count > 0) found.set(name, count);
    }
    return found;
  }

  close(): void {
    this.ctx.store.close();
  }
}
