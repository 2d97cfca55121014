import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Fake, harness, named, START } from '../../local/states-harness.ts';

const text = readFileSync(
  join(import.meta.dirname, '../../../statemachines/strategy/enter-on-schedule.asl.json'),
  'utf8',
);
const arn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const definition = JSON.parse(
  text
    .replaceAll('${PrepareEnteringFunctionArn}', arn('prepare-entering'))
    .replace('${TellMembersFunctionArn}', arn('tell-members'))
    .replace('${AthenaWorkGroup}', 'herald'),
) as object;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const iso = (atMs: number) => new Date(atMs).toISOString();
const folder = 's3://work/refreshes/j/1/';
const take = { step: 'take', sql: `UNLOAD (SELECT 1) TO '${folder}'`, folder, database: 'herald' };
const wake = { step: 'wake', next: { name: 'j-3-next', dueAt: iso(START + 90 * DAY) } };

/** One execution of the chain. `answers` of prepare-entering in turn, the last one again and again. */
const chain = async (
  answers: unknown[],
  {
    tell = () => ({ done: true, from: 1 }),
    takes = () => true,
  }: { tell?: Fake; takes?: (call: number) => boolean } = {},
) => {
  const prepare: Fake = (_, call) => answers[Math.min(call, answers.length) - 1];
  const h = harness({ 'prepare-entering': prepare, 'tell-members': tell });
  const queries: string[] = [];
  h.ctx.services.athena = {
    async run({ sql }) {
      queries.push(sql);
      const ok = takes(queries.length);
      const execution = { Statistics: { DataManifestLocation: 's3://work/m.csv' } };
      return { id: 'q', execution, state: ok ? 'SUCCEEDED' : 'FAILED', reason: ok ? '' : 'no' };
    },
  };
  const execution = await h.start(h.create(definition), { journeyId: 'j', chain: 3, dueAt: iso(START + HOUR) });
  await h.clock.advance(DAY);
  const of = (name: string) => h.calls.filter((call) => call.name === name).map(({ event }) => event);
  const status = async (name: string) => (await h.describe(execution.replace(/[^:]+$/, name))).status;
  return { h, queries, of, status, end: await h.describe(execution) };
};
const task = { journeyId: 'j', chain: 3 };

test('waits, takes the members, tells them page by page, and starts the next one', async () => {
  const { h, queries, of, end } = await chain([take, wake], { tell: (_, call) => ({ done: call === 2, from: call }) });
  expect(end.status).toBe('SUCCEEDED');
  expect(h.calls[0]).toMatchObject({ name: 'prepare-entering', atMs: START + HOUR, event: task });
  expect(queries).toEqual([`UNLOAD (SELECT 1) TO '${folder}0/'`]);
  const told = { ...task, manifest: 's3://work/m.csv' };
  expect(of('tell-members')).toEqual([
    { ...told, from: 0 },
    { ...told, from: 1 },
  ]);
  expect(of('prepare-entering')).toHaveLength(2);
  // Two more than usual, for it told in two goes; and the next one has begun to wait.
  expect(h.meter.snapshot()['states-transition']?.Machine?.units).toBe(11 + 2 + 1);
});

test('whose members are known already: tells them, without a query', async () => {
  const { queries, of } = await chain([{ step: 'tell', manifest: 's3://work/old.csv' }, { step: 'nothing' }]);
  expect(queries).toEqual([]);
  expect(of('tell-members')).toEqual([{ ...task, manifest: 's3://work/old.csv', from: 0 }]);
});

test('woke early: waits a moment', async () => {
  const { h, end } = await chain([{ step: 'wait', seconds: 20 }, { step: 'nothing' }]);
  expect(end.status).toBe('SUCCEEDED');
  expect(h.calls.map(({ atMs }) => atMs - START - HOUR)).toEqual([0, 20_000]);
});

test.each<[string, Parameters<typeof chain>[1], number]>([
  ['the query fails', { takes: () => false }, 5],
  [
    'telling fails',
    {
      tell: () => {
        throw named('Broken', 'no queue');
      },
    },
    1,
  ],
])(
  '%s again and again: it is noted, the next one starts all the same, and the alarm is told',
  async (_, how, queries) => {
    const answer = await chain([take, wake], how);
    expect(answer.queries).toHaveLength(queries);
    expect(answer.of('prepare-entering').at(-1)).toEqual({
      ...task,
      failure: { Error: expect.any(String), Cause: expect.any(String) },
    });
    expect(answer.end.status).toBe('FAILED');
    expect(await answer.status('j-3-next')).toBe('RUNNING');
  },
);

test('the next one is there already, as after a crash: it ends', async () => {
  const { end } = await chain([{ step: 'wake', next: { name: 'same', dueAt: iso(START + 90 * DAY) } }]);
  expect(end.status).toBe('SUCCEEDED');
});

test('trouble is retried for three hours, then it fails for the alarm', async () => {
  const h = harness({
    'prepare-entering': () => {
      throw named('Broken', 'no table');
    },
  });
  const end = await h.run(definition, { ...task, dueAt: iso(START) });
  expect(end).toMatchObject({ status: 'FAILED', error: 'Broken' });
  expect(h.calls).toHaveLength(49);
});
