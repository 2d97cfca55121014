import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { addressOf, type Channel } from '../../core/delivery/channel.ts';
import type { SendMessage, SnapshotRow } from '../../core/delivery/messages.ts';
import { snapshotPart } from '../../core/delivery/snapshot-part.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import type { Counted } from '../services.ts';

/**
 * A channel's sender as a Lambda runs it: five pointers of a campaign an invocation, or ten messages that events caused.
 * `node sender-cell.ts <channel> <invocations>` prints a `SenderCell` as one line of JSON. Tables, buckets and providers
 * answer from another process, so what is counted is the handler's own processor time.
 */
export type SenderCell = { campaign: number[]; direct: number[] };

const POINTERS = 5;
const RECIPIENTS = 100;
const DIRECT = 10;
/** The first of them compile code and open connections. */
const WARM_UP = 2;
/** Direct messages are few an invocation: so many of them are one figure. */
const DIRECT_TOGETHER = 20;

const [, , channel = 'email', invocations = '10'] = process.argv as [string, string, Channel, string];
const services: ChildProcess = fork(join(import.meta.dirname, '..', 'services.ts'), [
  `delivery/send-${channel}.env.ts`,
]);
const [variables] = (await once(services, 'message')) as [Record<string, string>];
Object.assign(process.env, variables);
const sentSince = async (): Promise<number> => {
  services.send('?');
  const [{ sent }] = (await once(services, 'message')) as [Counted];
  return sent;
};

const words =
  'Hello {{ profile.attributes.name }}, spring is here: https://example.com/spring?for={{ profile.profileId }}';
const plan = (overrides: Pick<PlanVersion, 'planKind' | 'planId' | 'lane'>): PlanVersion => ({
  hash: 'h',
  name: 'Spring',
  topic: 'offers',
  channelPolicy: [channel],
  template: {
    name: 'Spring',
    channels: {
      push: { title: 'Spring', body: words },
      sms: { text: words },
      email: {
        subject: 'Spring',
        html: `<p>${words}</p><p><a href="https://example.com/{{ profile.attributes.name }}">Have a look</a></p>`,
      },
    },
  },
  ...overrides,
});
const person = (n: number) => ({
  profileId: `p${n}`,
  pushToken: `token-${n}`,
  phone: `+1202555${String(n % 10_000).padStart(4, '0')}`,
  email: `p${n}@example.com`,
  timeZone: 'America/New_York',
  attributes: { name: `Ada ${n}` },
});

const { definitions } = await import('../../lambdas/adapters/definitions.ts');
const { contacts } = await import('../../lambdas/adapters/contacts.ts');
const { profiles } = await import('../../lambdas/adapters/profiles.ts');
const { writeObject } = await import('../../lambdas/adapters/objects.ts');
const { inParallel } = await import('../../lambdas/adapters/in-parallel.ts');
const { handler } = (await import(`../../lambdas/delivery/send-${channel}.ts`)) as {
  handler: (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;
};

const defs = definitions(process.env.DEFINITIONS_TABLE!);
await defs.put('plan-version', 'c@h', plan({ planKind: 'campaign', planId: 'c', lane: 'promotional' }), 0, 1);
await defs.put('campaign', 'c', { state: 'sending' }, 0, 1);
await defs.put('plan-version', 't@h', plan({ planKind: 'trigger', planId: 't', lane: 'transactional' }), 0, 1);
await defs.put('trigger', 't', { state: 'active' }, 0, 1);

/** Processor seconds of the invocation; throws unless everybody was sent to. */
const invoke = async (messages: readonly SendMessage[], expected: number): Promise<number> => {
  const records = messages.map((message, n) => ({
    messageId: `m${n}`,
    body: JSON.stringify(message),
    attributes: { ApproximateReceiveCount: '1' },
  }));
  await sentSince();
  const before = process.cpuUsage();
  const { batchItemFailures } = await handler(
    { Records: records } as unknown as SQSEvent,
    { getRemainingTimeInMillis: () => 30_000 } as Context,
  );
  const { user, system } = process.cpuUsage(before);
  const sent = await sentSince();
  if (batchItemFailures.length > 0 || sent !== expected) throw new Error(`${sent} of ${expected} were sent`);
  return (user + system) / 1e6;
};

const campaign: number[] = [];
for (let n = 0; n < WARM_UP + Number(invocations); n += 1) {
  const size = POINTERS * RECIPIENTS;
  const rows = Array.from({ length: size }, (_, at): SnapshotRow => person(n * size + at));
  const consented = contacts(process.env.CONTACTS_TABLE!);
  await inParallel(25, rows, ({ profileId }) => consented.setConsents(profileId, { [channel]: true }));
  const part = `snapshots/r${n}/parts/0.ndjson`;
  const { body, pointers } = snapshotPart(rows, {
    ...{ plan: { kind: 'campaign', id: 'c', hash: 'h' }, runId: `r${n}`, part, step: 0 },
  });
  await writeObject(process.env.WORK_BUCKET!, part, body);
  campaign.push(size / (await invoke(pointers, size)));
}

const known = profiles(process.env.PROFILES_TABLE!);
await inParallel(
  25,
  Array.from({ length: DIRECT }, (_, n) => person(n)),
  async (row) => {
    if (!addressOf(channel, row)) throw new Error(`${row.profileId} has no address`);
    await known.save({ profile: { version: 1, updatedMs: 1, ...row }, outbox: [] });
  },
);
let events = 0;
const directOnce = (): Promise<number> => {
  const messages = Array.from({ length: DIRECT }, (_, n): SendMessage => {
    events += 1;
    const event = { id: `e${events}`, type: 'order', profileId: `p${n}`, source: 'shop', timeMs: 1, receivedMs: 1 };
    return {
      kind: 'direct',
      plan: { kind: 'trigger', id: 't', hash: 'h' },
      profileId: `p${n}`,
      event: { ...event, properties: {} },
      step: 0,
      deadlineMs: Date.now() + 3_600_000,
    };
  });
  return invoke(messages, DIRECT);
};
const direct: number[] = [];
for (let n = 0; n < WARM_UP + Number(invocations); n += 1) {
  let seconds = 0;
  for (let at = 0; at < DIRECT_TOGETHER; at += 1) seconds += await directOnce();
  direct.push((DIRECT * DIRECT_TOGETHER) / seconds);
}

const cell: SenderCell = { campaign: campaign.slice(WARM_UP), direct: direct.slice(WARM_UP) };
console.log(JSON.stringify(cell));
services.disconnect();
process.exit();
