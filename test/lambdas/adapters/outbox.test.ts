import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OutboxEntry } from '../../../lambdas/adapters/outbox-entry.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let outbox: typeof import('../../../lambdas/adapters/outbox.ts');
let audit: typeof import('../../../lambdas/adapters/audit.ts');
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;

beforeAll(async () => {
  tables = await startTables();
  outbox = await import('../../../lambdas/adapters/outbox.ts');
  audit = await import('../../../lambdas/adapters/audit.ts');
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
});
afterAll(() => tables.stop());
beforeEach(() => {
  tables.asked.length = 0;
  tables.control.fail = () => undefined;
});

const NOON = Date.parse('2026-11-22T12:00:00Z');
const change = (subject: string, version = 1, atMs = NOON): OutboxEntry => ({
  effect: 'audit',
  entry: { subject, action: 'edit', actor: 'mia', atMs, version, detail: `v${version}` },
});
const start = (name: string): OutboxEntry => ({
  effect: 'start-execution',
  machine: 'run-campaign',
  name,
  input: { a: 1 },
});
const answer: OutboxEntry = { effect: 'task-success', taskToken: 'token', output: { ok: true } };
const row = (profile_id: string): OutboxEntry => ({
  effect: 'profile-row',
  row: {
    profile_id,
    version: 1,
    updated_ms: 1,
    email: '',
    phone: '',
    push_token: '',
    wechat_open_id: '',
    time_zone: '',
    locale: '',
    attributes: '{}',
  },
});
const sinks = { auditTable: 'audit', profilesStream: 'profiles-stream', machines: { 'run-campaign': 'arn:run' } };

describe('publishing', () => {
  test('each effect goes to its place', async () => {
    await outbox.publishOutbox([change('a/1'), start('r'), answer, row('p1'), row('p2')], sinks);
    expect(tables.asked).toMatchObject([
      { action: 'PutRecordBatch', input: { DeliveryStreamName: 'profiles-stream' } },
      { action: 'StartExecution', input: { stateMachineArn: 'arn:run', name: 'r', input: '{"a":1}' } },
      { action: 'SendTaskSuccess', input: { taskToken: 'token', output: '{"ok":true}' } },
    ]);
    const [record] = tables.asked[0]!.input.Records as { Data: string }[];
    const lines = Buffer.from(record?.Data ?? '', 'base64')
      .toString()
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).profile_id)).toEqual(['p1', 'p2']);
    expect((await audit.readAudit('audit', { subject: 'a/1' }, 10)).items).toHaveLength(1);
  });

  test('twice leaves one audit entry', async () => {
    await outbox.publishOutbox([change('a/2'), change('a/2')], sinks);
    await outbox.publishOutbox([change('a/2')], sinks);
    expect((await audit.readAudit('audit', { subject: 'a/2' }, 10)).items).toHaveLength(1);
  });

  test.each([
    ['an execution of this name was started before', 'ExecutionAlreadyExists', start('again')],
    ['the task has timed out', 'TaskTimedOut', answer],
    ['the task was answered before', 'TaskDoesNotExist', answer],
  ])('%s: that is success', async (_, error, entry) => {
    tables.control.fail = () => error;
    await expect(outbox.publishOutbox([entry], sinks)).resolves.toBeUndefined();
  });

  test.each([
    ['StateMachineDoesNotExist', start('x')],
    ['InvalidToken', answer],
  ])('%s is thrown', async (error, entry) => {
    tables.control.fail = () => error;
    await expect(outbox.publishOutbox([entry], sinks)).rejects.toMatchObject({ name: error });
  });

  test('an entry for which the caller has no sink is a fault of ours', async () => {
    await expect(outbox.publishOutbox([start('x')], { auditTable: 'audit' })).rejects.toThrow('machines.run-campaign');
    await expect(outbox.publishOutbox([row('x')], { auditTable: 'audit' })).rejects.toThrow('profilesStream');
  });
});

describe('saveDefinition', () => {
  const save = (
    id: string,
    expected: number,
    entries: OutboxEntry[] = [change(`segment/${id}`, expected + 1)],
    to: typeof sinks | { auditTable: string } = sinks,
  ) => outbox.saveDefinition(defs, 'segment', id, { at: expected + 1 }, expected, NOON, entries, to);

  test('writes, publishes and forgets', async () => {
    await save('s1', 0);
    const stored = await defs.get('segment', 's1');
    expect(stored).toMatchObject({ version: 1, body: { at: 1 }, outbox: [] });
    expect((await audit.readAudit('audit', { subject: 'segment/s1' }, 10)).items).toHaveLength(1);
    await save('s1', 1);
    expect((await defs.get('segment', 's1'))?.version).toBe(2);
  });

  test('another version is a conflict, and so is an id that is taken', async () => {
    await save('s2', 0);
    await expect(save('s2', 0)).rejects.toMatchObject({ name: 'VersionConflict' });
    await expect(save('s2', 5)).rejects.toMatchObject({ name: 'VersionConflict' });
  });

  test('what cannot be published stays, and the caller does not notice', async () => {
    tables.control.fail = () => 'StateMachineDoesNotExist';
    const stored = await save('s3', 0, [change('segment/s3'), start('s3')]);
    expect(stored.version).toBe(1);
    expect((await defs.get('segment', 's3'))?.outbox).toHaveLength(2);
  });

  test('an outbox that a crash left is published before the next write', async () => {
    await defs.put('segment', 's4', { at: 1 }, 0, NOON, [start('left')]);
    await save('s4', 1);
    expect(tables.asked).toMatchObject([{ action: 'StartExecution', input: { name: 'left' } }]);
    expect(await defs.get('segment', 's4')).toMatchObject({ version: 2, outbox: [] });
  });

  test('an outbox that cannot be published from here is a conflict, and is not lost', async () => {
    await defs.put('segment', 's5', { at: 1 }, 0, NOON, [start('left')]);
    await expect(save('s5', 1, [], { auditTable: 'audit' })).rejects.toMatchObject({ name: 'VersionConflict' });
    expect((await defs.get('segment', 's5'))?.outbox).toHaveLength(1);
  });

  test('a writer that is still publishing is waited for', async () => {
    const first = save('s6', 0, [start('slow')]);
    // As soon as the first version can be seen, somebody writes the next one.
    await expect.poll(async () => (await defs.get('segment', 's6'))?.version, { interval: 1 }).toBe(1);
    const second = save('s6', 1);
    await Promise.all([first, second]);
    expect(await defs.get('segment', 's6')).toMatchObject({ version: 2, outbox: [] });
    expect(new Set(tables.asked.map(({ input }) => input.name))).toEqual(new Set(['slow']));
  });
});

describe('reading the audit log', () => {
  test('by subject and by day, newest first, page by page', async () => {
    const day = Date.parse('2027-01-05T00:00:00Z');
    const entries = Array.from({ length: 5 }, (_, n) => change('campaign/c1', n + 1, day + n * 1000));
    await outbox.publishOutbox(
      [...entries, change('campaign/c2', 1, day + 86_399_999), change('campaign/c2', 2, day + 86_400_000)],
      sinks,
    );
    const pages = async (by: { subject: string } | { day: string }) => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await audit.readAudit('audit', by, 2, cursor);
        seen.push(...page.items.map(({ subject, version }) => `${subject}@${version}`));
        cursor = page.cursor;
      } while (cursor);
      return seen;
    };
    const ofC1 = [5, 4, 3, 2, 1].map((version) => `campaign/c1@${version}`);
    expect(await pages({ subject: 'campaign/c1' })).toEqual(ofC1);
    expect(await pages({ day: '2027-01-05' })).toEqual(['campaign/c2@1', ...ofC1]);
    expect(await pages({ day: '2027-01-06' })).toEqual(['campaign/c2@2']);
    expect(await pages({ day: '2027-01-07' })).toEqual([]);
  });
});
