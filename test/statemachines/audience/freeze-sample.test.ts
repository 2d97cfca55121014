import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Fake, harness, named } from '../../local/states-harness.ts';

const text = readFileSync(join(import.meta.dirname, '../../../statemachines/audience/freeze-sample.asl.json'), 'utf8');
const arn = 'arn:aws:lambda:us-east-1:000000000000:function:freeze-sample';
const definition = JSON.parse(text.replaceAll('${FreezeSampleFunctionArn}', arn)) as object;

const run = async (freeze: Fake) => {
  const h = harness({ 'freeze-sample': freeze });
  const execution = await h.start(h.create(definition), { sampleId: 's', takenMs: 5 });
  await h.clock.advanceUntil(async () => (await h.describe(execution)).status !== 'RUNNING', 86_400_000);
  return { end: await h.describe(execution), events: h.calls.map(({ event }) => event) };
};

test('asks until Athena is done', async () => {
  const { end, events } = await run((_, call) => {
    if (call < 60) throw named('QueryRunning');
    return null;
  });
  expect([end.status, events.length]).toEqual(['SUCCEEDED', 60]);
  expect(new Set(events.map((event) => JSON.stringify(event)))).toEqual(new Set(['{"sampleId":"s","takenMs":5}']));
});

test('tries again what broke, a few times, and fails', async () => {
  expect((await run((_, call) => (call < 3 ? Promise.reject(named('Boom')) : null))).end.status).toBe('SUCCEEDED');
  const { end, events } = await run(() => {
    throw named('Boom', 'a reason');
  });
  expect(end).toMatchObject({ status: 'FAILED', error: 'Boom', cause: expect.stringContaining('a reason') });
  expect(events).toHaveLength(5);
});
