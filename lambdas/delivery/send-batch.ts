import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type * as z from 'zod/mini';
import { BREAKER_OPENED } from '../../core/delivery/breaker.ts';
import type { Channel } from '../../core/delivery/channel.ts';
import { isSettled } from '../../core/delivery/ledger.ts';
import { needsLinks } from '../../core/delivery/links/needs-links.ts';
import type { SendMessage } from '../../core/delivery/messages.ts';
import type { ChannelSender } from '../../core/delivery/sender.ts';
import type { Renderer } from '../../core/strategy/render.ts';
import { readsCatalogue } from '../../core/strategy/template/catalogue.ts';
import { breakerOf } from '../adapters/breakers.ts';
import { contacts } from '../adapters/contacts.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { heldMessages } from '../adapters/held-messages.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { appendRows } from '../adapters/lake.ts';
import { ledger } from '../adapters/ledger.ts';
import { plans } from '../adapters/plans.ts';
import { recipients } from '../adapters/recipients.ts';
import { wakeSchedules } from '../adapters/schedules.ts';
import { sendQueueUrl } from '../adapters/send-queues.ts';
import { touches } from '../adapters/touches.ts';
import { countMetric } from '../middleware/count-metric.ts';
import { noteFailures } from '../middleware/note-failures.ts';
import { logFailure, parseRecords } from '../middleware/sqs-records.ts';
import { deliverMessage } from './deliver-message.ts';
import { guardSender } from './guard-sender.ts';
import { parkPaused } from './park-paused.ts';
import type { Ports } from './ports.ts';
import { type Publication, publish } from './publish.ts';
import type { sendBatchEnv } from './send-batch.env.ts';

type Environment = { [Name in keyof typeof sendBatchEnv]: z.infer<(typeof sendBatchEnv)[Name]> };

type Received = { record: SQSRecord; message: SendMessage };

/** Pointers at once: while one waits for its provider the other writes. Each has 25 requests under way. */
const PARALLEL_BATCHES = 2;

/**
 * The handler of a channel's send queues. Running it twice is safe by the ledger: see deliver-message.ts.
 */
export const sendBatch = <C extends Channel>(env: Environment, sender: ChannelSender<C>) => {
  let renderer: Promise<Renderer> | undefined;
  const erased = erasedPeople(env.ERASURES_TABLE, env.ERASURE_KEY_ARN);
  const readerOf = recipients({ bucket: env.WORK_BUCKET, profilesTable: env.PROFILES_TABLE, erased });
  const people = contacts(env.CONTACTS_TABLE);
  const held = heldMessages(env.TIMERS_TABLE, wakeSchedules(env), () => Date.now());
  const { linkSettings, ...planPorts } = plans(env.DEFINITIONS_TABLE);
  let pace: ReturnType<typeof loadPacer> | undefined;
  const loadPacer = async () => {
    const [{ pacer }, { sendRates }, { scheduler }] = await Promise.all([
      import('./pacer.ts'),
      import('../adapters/send-rates.ts'),
      import('node:timers/promises'),
    ]);
    return pacer({ now: () => Date.now(), wait: (ms) => scheduler.wait(ms), rates: sendRates(env.LEDGER_TABLE) });
  };
  let links: ReturnType<typeof loadLinks> | undefined;
  const loadLinks = async () => {
    const { linkWriter } = await import('./write-links.ts');
    const { LINK_KEY_ARN: secretArn, LINKS_URL: base } = env;
    return linkWriter({ secretArn, base, settings: linkSettings, now: () => Date.now() });
  };
  const shared: Omit<Ports, 'rowsOf'> = {
    now: () => Date.now(),
    ...planPorts,
    ledger: ledger(env.LEDGER_TABLE),
    contacts: { ...people, ...touches(env.CONTACTS_TABLE, people) },
    refusals: new Map(),
    pacer: () => {
      pace ??= loadPacer();
      return pace;
    },
    renderer: () => {
      renderer ??= loadRenderer();
      return renderer;
    },
    async linksOf(plan, source) {
      // Nobody unsubscribes, and nothing is counted, by trying what is in a test.
      if (plan.planKind === 'test' || !needsLinks(plan.template, sender.channel)) return undefined;
      links ??= loadLinks();
      return (await links)(plan, sender.channel, source);
    },
    async catalogueOf(template, everybody) {
      if (!readsCatalogue(template, sender.channel)) return undefined;
      renderer ??= loadRenderer();
      const [{ rowsFor }, own] = await Promise.all([import('./rows-for.ts'), renderer]);
      const messages = everybody.map((variables) => ({ channel: sender.channel, variables }));
      return rowsFor(env.DEFINITIONS_TABLE, own, template, messages);
    },
    // deliverMessage hands a sender only content of its own channel: it checks the step's channel first.
    sender: guardSender(sender as unknown as ChannelSender, {
      breaker: breakerOf(env.LEDGER_TABLE, sender.channel),
      now: () => Date.now(),
      report: (channel, reason) => {
        console.error({ message: 'The breaker of a provider has opened', channel, reason });
        countMetric(env.METRICS_NAMESPACE, BREAKER_OPENED, Date.now(), { channel, reason });
      },
    }),
    append: (rows) => appendRows(env.OUTCOMES_STREAM, rows),
    // Loaded by the first who moves on to another channel: SQS's client is 20 KB.
    enqueue: async (channel, lane, messages) => {
      const { sendAll } = await import('../adapters/queues.ts');
      const bodies = messages.map((message) => ({ body: message, group: message.plan.id }));
      await sendAll(sendQueueUrl(env, channel, lane), bodies);
    },
    putBack: async (lane, messages) => {
      const { sendAll } = await import('../adapters/queues.ts');
      const bodies = messages.map(({ message, dueMs }) => ({
        ...{ body: message, group: message.plan.id },
        delaySeconds: Math.max(0, Math.ceil((dueMs - Date.now()) / 1_000)),
      }));
      await sendAll(sendQueueUrl(env, sender.channel, lane), bodies);
    },
    hold: (message, dueMs) => held.hold(message, dueMs),
    park: (message, pause) => held.park(message, pause),
  };

  /** Delivers one record, or parks it; undefined when it has to come again, and the log says why. */
  const deliver = async (ports: Ports, { record, message }: Received, context: Context) => {
    try {
      if (await parkPaused(ports, message)) return 'parked';
      return await deliverMessage(ports, message, {
        receives: Number(record.attributes.ApproximateReceiveCount),
        leftMs: () => context.getRemainingTimeInMillis(),
      });
    } catch (error) {
      logFailure(record, error);
      return undefined;
    }
  };

  return async ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const delivered = new Map<SQSRecord, Publication>();
    const { received: parsed } = parseRecords<SendMessage>(Records);
    const isErased = await erased();
    // Nobody is left to whom the message could go, and its ledger record would bear the person's id.
    const gone = new Set(
      parsed
        .filter(({ message }) => message.kind === 'direct' && isErased(message.profileId))
        .map(({ record }) => record),
    );
    if (gone.size > 0) console.info({ message: 'Messages to people who were erased', dropped: gone.size });
    const received = parsed.filter(({ record }) => !gone.has(record));
    const ports: Ports = { ...shared, rowsOf: readerOf(received.map(({ message }) => message)) };
    const deliverAll = (kind: SendMessage['kind'], atOnce: number) =>
      inParallel(
        atOnce,
        received.filter(({ message }) => message.kind === kind),
        async (one) => {
          const publication = await deliver(ports, one, context);
          if (publication === 'parked' || publication === 'put-back') gone.add(one.record);
          else if (publication) delivered.set(one.record, publication);
        },
      );
    await Promise.all([deliverAll('snapshot', PARALLEL_BATCHES), deliverAll('direct', Records.length)]);
    try {
      await publish(ports, [...delivered.values()]);
    } catch (error) {
      for (const record of delivered.keys()) logFailure(record, error);
      delivered.clear();
    }
    const again = Records.filter((record) => {
      const publication = delivered.get(record);
      return !gone.has(record) && (!publication || comesAgain(publication));
    });
    await noteFailures(env.FAILURES_TABLE, again);
    return { batchItemFailures: again.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };
};

/** By itself: what is put back comes in another message. */
const comesAgain = ({ record, back }: Publication): boolean => !back && !isSettled(record);

/** Loaded at the first rendering: liquidjs is a third of all other code together. */
const loadRenderer = async (): Promise<Renderer> => {
  const [{ renderer }, liquidjs] = await Promise.all([import('../../core/strategy/render.ts'), import('liquidjs')]);
  return renderer(liquidjs);
};
