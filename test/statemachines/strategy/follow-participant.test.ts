import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Fake, harness, named, START } from '../../local/states-harness.ts';

const path = join(import.meta.dirname, '../../../statemachines/strategy/follow-participant.asl.json');
const definition = JSON.parse(
  readFileSync(path, 'utf8').replace(/\$\{(Follow|Hold)ParticipantFunctionArn\}/g, (_, name: string) => {
    return `arn:aws:lambda:us-east-1:000000000000:function:${name.toLowerCase()}-participant`;
  }),
) as object;
const input = { profileId: 'ada', journeyId: 'j1', entry: 2, follower: 7 };
const HOUR = 3_600_000;

test('counts the waits, and says since when it follows; ends when another one does', async () => {
  const follow: Fake = (_, call) => {
    if (call > 4) throw named('ParticipationOver');
    return { step: call * 2, dueMs: h.clock.now() + HOUR };
  };
  const h = harness({ 'follow-participant': follow, 'hold-participant': () => undefined });
  const arn = await h.start(h.create(definition), input);
  await h.clock.advanceUntil(async () => (await h.describe(arn)).status !== 'RUNNING', 10 * HOUR);
  expect(await h.describe(arn)).toMatchObject({ status: 'SUCCEEDED' });
  const of = (name: string) => h.calls.filter((call) => call.name === name).map(({ event }) => event);
  expect(of('follow-participant')).toEqual([0, 1, 2, 3, 4].map((waits) => ({ ...input, waits, startedMs: START })));
  expect(of('hold-participant')).toEqual(
    [2, 4, 6, 8].map((step) => ({ ...input, step, taskToken: expect.any(String) })),
  );
  // What tracing.ts reckons a wait to write, eleven events, is what a wait writes.
  const [beginning, end] = [3, 8];
  expect((await h.history(arn)).length).toBe(beginning + 4 * 11 + end);
});
