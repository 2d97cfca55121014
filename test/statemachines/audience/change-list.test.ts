import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Fake, harness, named } from '../../local/states-harness.ts';

const text = readFileSync(join(import.meta.dirname, '../../../statemachines/audience/change-list.asl.json'), 'utf8');
const definition = JSON.parse(
  text.replaceAll('${ChangeListPartFunctionArn}', 'arn:aws:lambda:us-east-1:000000000000:function:change-list-part'),
) as object;
const HOUR = 3_600_000;

/** Runs the machine with a function that is plain code, to its end. */
const run = async (part: Fake) => {
  const h = harness({ 'change-list-part': part });
  const arn = await h.start(h.create(definition), { changeId: 'i' });
  await h.clock.advanceUntil(async () => (await h.describe(arn)).status !== 'RUNNING', 24 * HOUR);
  return { end: await h.describe(arn), events: h.calls.map(({ event }) => event), calls: h.calls };
};

test('asks for parts until the change is done', async () => {
  const { end, events } = await run((_, call) => ({ done: call === 3 }));
  expect(end.status).toBe('SUCCEEDED');
  expect(events).toEqual([{ changeId: 'i' }, { changeId: 'i' }, { changeId: 'i' }]);
});

test('waits for a start that is not cleared longer than the sweep takes', async () => {
  const { end, calls } = await run((_, call) => {
    if (call <= 20) throw named('NotReady');
    return { done: true };
  });
  expect(end.status).toBe('SUCCEEDED');
  expect((calls.at(-1)?.atMs ?? 0) - (calls[0]?.atMs ?? 0)).toBeGreaterThan(360_000);
});

test('repeats a part that breaks', async () => {
  const { end, events } = await run((_, call) => {
    if (call % 2 === 1) throw named('TimeoutError');
    return { done: call === 6 };
  });
  expect([end.status, events.length]).toEqual(['SUCCEEDED', 6]);
});

test('records what does not pass, and fails', async () => {
  const { end, events } = await run((event) => {
    if ((event as { failure?: object }).failure) return { done: true };
    throw named('Boom', 'a reason');
  });
  expect(end).toMatchObject({ status: 'FAILED', error: 'Boom', cause: expect.stringContaining('a reason') });
  expect(events.at(-1)).toEqual({
    changeId: 'i',
    failure: { Error: 'Boom', Cause: expect.stringContaining('a reason') },
  });
  expect(events).toHaveLength(10);
});

test('fails even when that cannot be recorded', async () => {
  const { end } = await run(() => {
    throw named('Boom');
  });
  expect(end).toMatchObject({ status: 'FAILED', error: 'Boom' });
});
