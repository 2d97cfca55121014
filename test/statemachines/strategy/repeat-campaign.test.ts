import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Fake, harness, named, START } from '../../local/states-harness.ts';

const text = readFileSync(
  join(import.meta.dirname, '../../../statemachines/strategy/repeat-campaign.asl.json'),
  'utf8',
);
const definition = JSON.parse(
  text.replace('${BeginRunFunctionArn}', 'arn:aws:lambda:us-east-1:000000000000:function:begin-run'),
) as object;
const HOUR = 3_600_000;
const iso = (atMs: number) => new Date(atMs).toISOString();

/** Runs the chain with this begin-run for a while. */
const chain = async (begin: Fake, forMs: number) => {
  const h = harness({ 'begin-run': begin });
  const machine = h.create(definition);
  const arn = await h.start(machine, { campaignId: 'c', chain: 3, dueAt: iso(START + HOUR) });
  await h.clock.advance(forMs);
  return { h, arn, at: h.calls.map(({ atMs }) => (atMs - START) / HOUR) };
};

test('each time is an execution that waits, asks, and starts the next one; a pause ends the chain', async () => {
  const { h, at } = await chain((_, call) => {
    if (call > 3) return { step: 'nothing' };
    const dueMs = START + (call + 1) * HOUR;
    return { step: 'wake', next: { name: `c-3-${dueMs}`, dueAt: iso(dueMs) } };
  }, 24 * HOUR);
  expect(at).toEqual([1, 2, 3, 4]);
  expect(h.calls[3]?.event).toEqual({ campaignId: 'c', chain: 3 });
});

test('a run is under way: it asks again in as many seconds as it is told', async () => {
  const { at } = await chain(
    (_, call) => (call < 3 ? { step: 'wait', seconds: 1_800 } : { step: 'nothing' }),
    24 * HOUR,
  );
  expect(at).toEqual([1, 1.5, 2]);
});

test('the next one is there already, as after a crash: it ends', async () => {
  const { h, arn } = await chain(
    () => ({ step: 'wake', next: { name: 'same', dueAt: iso(START + 90 * 24 * HOUR) } }),
    2 * HOUR,
  );
  expect((await h.describe(arn)).status).toBe('SUCCEEDED');
  expect(h.calls).toHaveLength(1);
});

test('trouble is retried for three hours, then it fails for the alarm', async () => {
  const { h, arn } = await chain(() => {
    throw named('Broken', 'no table');
  }, 24 * HOUR);
  expect(await h.describe(arn)).toMatchObject({ status: 'FAILED', error: 'Broken' });
  expect(h.calls).toHaveLength(49);
});
