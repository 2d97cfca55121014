import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Trigger } from '../../../core/event/trigger.ts';
import type { TriggerFault } from '../../../core/event/trigger-fault.ts';
import type { TriggerSet } from '../../../core/event/trigger-set.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import { memoryServices, startAws } from '../adapters/aws.ts';

const START = Date.UTC(2026, 10, 22, 12);
const services = memoryServices();
const asked: string[] = [];
let stop: () => Promise<void>;
let defs: Definitions;
let compile: () => Promise<{ triggers: number; bytes: number }>;
let open: (report?: (faults: readonly TriggerFault[]) => void) => () => Promise<TriggerSet>;
let nowMs = START;

beforeAll(async () => {
  stop = await startAws({ definitions: ['kind', 'id'] }, (request) => {
    asked.push(`${request.method} ${request.path}`);
    return services.answer(request);
  });
  Object.assign(process.env, {
    DEFINITIONS_TABLE: 'definitions',
    WORK_BUCKET: 'work',
    METRICS_NAMESPACE: 'Herald/test',
  });
  vi.spyOn(Date, 'now').mockImplementation(() => nowMs);
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  ({ handler: compile } = await import('../../../lambdas/intake/compile-triggers.ts'));
  const { activeTriggers } = await import('../../../lambdas/intake/active-triggers.ts');
  open = (report = () => {}) => activeTriggers(defs, 'work', report);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await stop();
});
let place = 0;
/** Every test begins an hour later, with triggers of its own and without a snapshot. */
beforeEach(() => {
  place += 1;
  nowMs = START + place * 3_600_000;
  services.objects.clear();
  asked.length = 0;
});
afterEach(async () => {
  for (const { id, version, body } of await defs.all<Trigger>('trigger')) {
    if (body.state === 'active') await defs.put('trigger', id, { ...body, state: 'paused' }, version, nowMs);
  }
});

const put = async (name: string, change: Partial<Trigger> = {}, atMs = nowMs) => {
  const id = `${name}${place}`;
  const { version = 0, body } = (await defs.get<Trigger>('trigger', id)) ?? {};
  const trigger = {
    state: 'active',
    hash: 'h',
    name: id,
    eventType: 'order',
    channelPolicy: ['sms'],
    lane: 'promotional',
  };
  await defs.put('trigger', id, { ...(body ?? trigger), ...change }, version, atMs);
};
const matched = (set: TriggerSet) => {
  const { matches } = set.match({ event: { type: 'order', timeMs: nowMs, properties: {} } });
  return matches.map(({ trigger: { id } }) => id.slice(0, -String(place).length)).sort();
};

test('without a snapshot all triggers are read from the table', async () => {
  await put('a');
  await put('b', { state: 'draft' });
  expect(matched(await open()())).toEqual(['a']);
});

test('a new environment loads the snapshot and what has changed since, and not the table', async () => {
  await put('a');
  await put('gone');
  expect(await compile()).toMatchObject({ triggers: 2 });
  nowMs += 600_000;
  await put('b');
  await put('gone', { state: 'paused' });
  const all = vi.spyOn(defs, 'all');
  expect(matched(await open()())).toEqual(['a', 'b']);
  expect(all).not.toHaveBeenCalled();
  all.mockRestore();
});

test('a warm environment sees an activation and a pause within five seconds, and does not look more often', async () => {
  await put('a');
  const triggers = open();
  expect(matched(await triggers())).toEqual(['a']);
  await put('b');
  await put('a', { state: 'paused' });
  nowMs += 4_999;
  expect(matched(await triggers())).toEqual(['a']);
  nowMs += 1;
  expect(matched(await triggers())).toEqual(['b']);
});

test('a write that took long, or came late to the index, is still seen', async () => {
  const triggers = open();
  await triggers();
  const requestMs = nowMs;
  nowMs += 30_000;
  await triggers();
  await put('late', {}, requestMs);
  nowMs += 5_000;
  expect(matched(await triggers())).toEqual(['late']);
});

test('a write that the index shows only after minutes is found within a quarter of an hour', async () => {
  const triggers = open();
  await triggers();
  const writtenMs = nowMs;
  nowMs += 120_000;
  await triggers();
  await put('late', {}, writtenMs);
  nowMs += 5_000;
  expect(matched(await triggers())).toEqual([]);
  nowMs += 900_000;
  expect(matched(await triggers())).toEqual(['late']);
});

test('a change while the snapshot was being compiled is not lost, whichever is older', async () => {
  await put('a');
  const beganMs = nowMs;
  nowMs += 3_000;
  await put('b');
  // As of before `b`, though the reading found it or not: what is newer is looked for in the table.
  nowMs = beganMs;
  await compile();
  nowMs = beganMs + 4_000;
  expect(matched(await open()())).toEqual(['a', 'b']);
});

test('after many changes the newer snapshot is loaded', async () => {
  await put('a');
  const triggers = open();
  await triggers();
  for (let n = 0; n < 70; n += 1) await put(`n${n}-`, { eventType: 'other' });
  nowMs += 61_000;
  const before = await triggers();
  expect(before.changes()).toBeGreaterThan(64);
  await compile();
  nowMs += 61_000;
  const after = await triggers();
  expect([after.asOfMs, matched(after)]).toEqual([nowMs - 61_000, ['a']]);
});

test('a snapshot of another release counts as none', async () => {
  await put('a');
  services.objects.set('/work/triggers/current.bin', Buffer.from('HeraldT0 and what came after it'));
  expect(matched(await open()())).toEqual(['a']);
});

test('a store that does not answer is an error, not an empty set', async () => {
  await put('a');
  const broken = open();
  const get = vi.spyOn(defs, 'changedSince').mockRejectedValueOnce(new Error('throttled'));
  await expect(broken()).rejects.toThrow('throttled');
  get.mockRestore();
  expect(matched(await broken())).toEqual(['a']);
});

test('a broken trigger is named once per change, by whoever meets it', async () => {
  const faults: TriggerFault[] = [];
  await put('a');
  await put('bad', { where: ['nonsense'] as unknown as Trigger['where'] });
  const triggers = open((found) => faults.push(...found));
  expect(matched(await triggers())).toEqual(['a']);
  nowMs += 5_000;
  await triggers();
  expect(faults).toMatchObject([{ triggerId: `bad${place}` }]);

  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await compile();
  const line = JSON.parse(String(written.mock.calls.find(([text]) => String(text).includes('TriggerFaults'))?.[0]));
  written.mockRestore();
  expect(line).toMatchObject({
    triggerId: `bad${place}`,
    TriggerFaults: 1,
    _aws: { CloudWatchMetrics: [{ Namespace: 'Herald/test', Metrics: [{ Name: 'TriggerFaults' }] }] },
  });
});
