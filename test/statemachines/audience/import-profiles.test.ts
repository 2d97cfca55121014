import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Fake, harness, named } from '../../local/states-harness.ts';

const text = readFileSync(
  join(import.meta.dirname, '../../../statemachines/audience/import-profiles.asl.json'),
  'utf8',
);
const definition = JSON.parse(
  text.replace(
    /\$\{(Read|Write|Finish)ImportFunctionArn\}/g,
    (_, name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name.toLowerCase()}-import`,
  ),
) as object;
const HOUR = 3_600_000;
const TASK = { importId: 'i', run: 3 };

/** Runs the machine with functions that are plain code, to its end. */
const run = async ({ read, write, finish }: Partial<Record<'read' | 'write' | 'finish', Fake>>) => {
  const h = harness({
    'read-import': read ?? (() => ({ next: 'write', lanes: [0, 1, 2] })),
    'write-import': write ?? (() => ({ done: true })),
    'finish-import': finish ?? (() => null),
  });
  const arn = await h.start(h.create(definition), TASK);
  await h.clock.advanceUntil(async () => (await h.describe(arn)).status !== 'RUNNING', 24 * HOUR);
  const calls = (name: string) => h.calls.filter((call) => JSON.stringify(call).includes(name));
  return { end: await h.describe(arn), calls: h.calls, of: calls };
};
const lanesOf = (calls: { event: unknown }[]) =>
  calls.map(({ event }) => (event as { lane?: number }).lane).filter((lane) => lane !== undefined);

test('reads to the end of the file, writes every lane to its end, and finishes', async () => {
  let reads = 0;
  const left = [2, 1, 3];
  const { end, calls } = await run({
    read: () => {
      reads += 1;
      return reads === 3 ? { next: 'write', lanes: [0, 1, 2] } : { next: 'read', lanes: [] };
    },
    write: (event) => {
      const { lane } = event as { lane: number };
      left[lane]! -= 1;
      return { done: left[lane] === 0 };
    },
  });
  expect(end.status).toBe('SUCCEEDED');
  expect(reads).toBe(3);
  expect(lanesOf(calls).sort()).toEqual([0, 0, 1, 2, 2, 2]);
  expect(calls.at(-1)?.event).toEqual(TASK);
  for (const { event } of calls) expect(event).toMatchObject(TASK);
});

test('a dry run, and one that was paused or refused, ends after the reading', async () => {
  const { end, calls } = await run({ read: () => ({ next: 'end', lanes: [] }) });
  expect([end.status, calls.length]).toEqual(['SUCCEEDED', 1]);
});

test('waits for a start that is not cleared longer than the sweep takes', async () => {
  const { end, calls } = await run({
    read: (_, call) => {
      if (call <= 20) throw named('NotReady');
      return { next: 'end', lanes: [] };
    },
  });
  expect(end.status).toBe('SUCCEEDED');
  expect((calls.at(-1)?.atMs ?? 0) - (calls[0]?.atMs ?? 0)).toBeGreaterThan(360_000);
});

test('repeats a lane that breaks, and only that', async () => {
  let broken = 0;
  const { end, calls } = await run({
    write: (event) => {
      if ((event as { lane: number }).lane === 1 && broken < 8) {
        broken += 1;
        throw named('TimeoutError');
      }
      return { done: true };
    },
  });
  expect(end.status).toBe('SUCCEEDED');
  expect(lanesOf(calls).filter((lane) => lane === 1)).toHaveLength(9);
  expect(lanesOf(calls)).toHaveLength(11);
});

test.each(['read', 'write', 'finish'] as const)(
  'what does not pass while it has to %s is recorded, and it fails',
  async (step) => {
    const { end, calls } = await run({
      [step]: (event: unknown) => {
        if ((event as { failure?: object }).failure) return null;
        throw named('Boom', 'a reason');
      },
    });
    expect(end).toMatchObject({ status: 'FAILED', error: 'Boom', cause: expect.stringContaining('a reason') });
    expect(calls.at(-1)?.event).toEqual({
      ...TASK,
      failure: { Error: 'Boom', Cause: expect.stringContaining('a reason') },
    });
  },
);

test('fails even when that cannot be recorded', async () => {
  const boom = () => {
    throw named('Boom');
  };
  expect((await run({ read: boom, finish: boom })).end).toMatchObject({ status: 'FAILED', error: 'Boom' });
});
