import { describe, expect, test } from 'vitest';
import { type Fake, harness, named } from '../../local/states-harness.ts';
import { definition } from './definition.ts';

const DAY = 86_400_000;

describe('run-campaign', () => {
  const input = { campaignId: 'c', hash: 'h', runId: 'c-h', sendAt: '2026-11-22T13:00:00.000Z' };
  const folder = 's3://work/snapshots/c-h/unload/';
  const good: Record<string, Fake> = {
    'prepare-snapshot': () => ({
      sql: `UNLOAD (SELECT 1) TO '${folder}' WITH (format = 'JSON')`,
      folder,
      database: 'herald',
    }),
    'dispatch-snapshot': (_, call) => {
      if (call < 2) throw named('MoreToDispatch');
      return { parts: 3, lastDue: input.sendAt, testSeconds: 0 };
    },
    'finish-campaign': (event, call) => {
      if ((event as { error?: string }).error) return { state: 'failed' };
      if (call < 3) throw named('NotDrained');
      return { state: 'finished' };
    },
  };
  const run = async (
    change: Record<string, Fake> = {},
    athena: (sql: string, attempt: number) => boolean = () => true,
  ) => {
    const h = harness({ ...good, ...change });
    const queries: { sql: string; database: string; workGroup: string }[] = [];
    h.ctx.services.athena = {
      async run(query) {
        queries.push(query);
        const ok = athena(query.sql, queries.length);
        const execution = { Statistics: { DataManifestLocation: 's3://work/manifest.csv' } };
        return { id: 'q', execution, state: ok ? 'SUCCEEDED' : 'FAILED', reason: ok ? '' : 'no' };
      },
    };
    const end = await h.run(definition('run-campaign'), input);
    const of = (name: string) => h.calls.filter((call) => call.name === name).map(({ event }) => event);
    return { h, end, queries, of };
  };

  test('waits, unloads, dispatches, and finishes once it has drained', async () => {
    const { h, end, queries, of } = await run();
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: { state: 'finished' } });
    expect(h.calls[0]).toMatchObject({ name: 'prepare-snapshot', atMs: Date.parse(input.sendAt) });
    expect(queries).toEqual([
      { sql: `UNLOAD (SELECT 1) TO '${folder}0/' WITH (format = 'JSON')`, database: 'herald', workGroup: 'herald' },
    ]);
    const task = { campaignId: 'c', hash: 'h', runId: 'c-h', manifest: 's3://work/manifest.csv' };
    expect(of('dispatch-snapshot')).toEqual([task, task]);
    expect(of('finish-campaign')).toEqual(
      Array(3).fill({ campaignId: 'c', runId: 'c-h', parts: 3, lastDue: input.sendAt }),
    );
  });

  test('takes few transitions, for each costs $25 per million', async () => {
    const { h } = await run();
    // 5 states, one more time to dispatch, and 2 more questions whether it has drained.
    expect(h.meter.snapshot()['states-transition']?.Machine?.units).toBe(5 + 1 + 2);
  });

  /** Of a campaign whose test is sent when it is asked for the first time, and that has drained when it is asked for the second. */
  const experiment = (isRest: boolean, change: Record<string, Fake> = {}) =>
    run({
      'dispatch-snapshot': (event) => ({
        parts: (event as { rest?: object }).rest ? 5 : 3,
        ...{ lastDue: input.sendAt, testSeconds: 7_200 },
      }),
      'decide-experiment': () => ({ hash: 'hb', isRest }),
      'finish-campaign': (_, call) => {
        if (call === 1) throw named('TestSent');
        return { state: 'finished' };
      },
      ...change,
    });

  test('an experiment: waits for what people do, has it decided, and sends the chosen variant to the rest', async () => {
    const { h, end, of } = await experiment(true);
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: { state: 'finished' } });
    const [decided] = h.calls.filter(({ name }) => name === 'decide-experiment');
    expect(decided?.event).toEqual({ campaignId: 'c', hash: 'h', runId: 'c-h' });
    expect((decided?.atMs ?? 0) - Date.parse(input.sendAt)).toBeGreaterThanOrEqual(7_200_000);
    const task = { campaignId: 'c', hash: 'h', runId: 'c-h', manifest: 's3://work/manifest.csv' };
    expect(of('dispatch-snapshot')).toEqual([task, { ...task, rest: { hash: 'hb', parts: 3 } }]);
    expect(of('finish-campaign')).toMatchObject([{ parts: 3 }, { parts: 5 }]);
    expect(h.meter.snapshot()['states-transition']?.Machine?.units).toBe(5 + 5);
  });

  test('an experiment that everybody takes part in is decided, and nothing more is sent', async () => {
    const { end, of } = await experiment(false);
    expect(end.status).toBe('SUCCEEDED');
    expect(of('dispatch-snapshot')).toHaveLength(1);
    expect(of('finish-campaign')).toHaveLength(2);
  });

  test.each(['decide-experiment', 'dispatch-snapshot'])(
    'cancelled while its outcomes are waited for: %s ends it',
    async (name) => {
      const good: Fake = () => ({ parts: 3, lastDue: input.sendAt, testSeconds: 60 });
      const { end, of } = await experiment(true, {
        [name]: (event, call) => {
          if (name === 'decide-experiment' || (event as { rest?: object }).rest) throw named('PlanCancelled');
          return good(event, call);
        },
      });
      expect(end.status).toBe('SUCCEEDED');
      expect(of('finish-campaign')).toHaveLength(1);
    },
  );

  test('an experiment that cannot be decided ends the campaign as failed, with the reason', async () => {
    const { end, of } = await experiment(true, {
      'decide-experiment': () => {
        throw named('Broken', 'no lake');
      },
    });
    expect(end).toMatchObject({ status: 'FAILED', error: 'Broken' });
    expect(of('decide-experiment').length).toBeGreaterThan(5);
    expect(of('finish-campaign').at(-1)).toMatchObject({ error: expect.stringMatching(/^Broken: .*no lake/) });
  });

  test('a query that fails is tried again, into a folder of its own', async () => {
    const { end, queries } = await run({}, (_, attempt) => attempt === 3);
    expect(end.status).toBe('SUCCEEDED');
    expect(queries.map(({ sql }) => /unload\/(\d)\//.exec(sql)?.[1])).toEqual(['0', '1', '2']);
  });

  test('a query that always fails ends the campaign as failed, with the reason', async () => {
    const { end, queries, of } = await run({}, () => false);
    expect(end).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed' });
    expect(queries).toHaveLength(5);
    expect(of('finish-campaign')).toMatchObject([
      { runId: 'c-h', error: expect.stringContaining('States.TaskFailed') },
    ]);
  });

  test.each(['prepare-snapshot', 'dispatch-snapshot'])('%s: cancelled ends it without retry', async (name) => {
    const { end, of } = await run({
      [name]: () => {
        throw named('PlanCancelled');
      },
    });
    expect(end.status).toBe('SUCCEEDED');
    expect(of(name)).toHaveLength(1);
    expect(of('finish-campaign')).toEqual([]);
  });

  test.each(['prepare-snapshot', 'dispatch-snapshot'])('%s: an error is retried, then told', async (name) => {
    const { end, of } = await run({
      [name]: () => {
        throw named('Broken', 'no table');
      },
    });
    expect(end).toMatchObject({ status: 'FAILED', error: 'Broken' });
    expect(of(name).length).toBeGreaterThan(5);
    expect(of('finish-campaign')).toMatchObject([{ error: expect.stringMatching(/^Broken: .*no table/) }]);
  });

  test('a failure that cannot even be noted is still a failure', async () => {
    const broken: Fake = () => {
      throw named('Broken');
    };
    const { end } = await run({ 'prepare-snapshot': broken, 'finish-campaign': broken });
    expect(end).toMatchObject({ status: 'FAILED', error: 'Broken' });
  });

  test('when some are due in days it sleeps until then, and asks whether all is done', async () => {
    const lastDue = new Date(Date.parse(input.sendAt) + 7 * DAY).toISOString();
    const { h, end, of } = await run({
      'dispatch-snapshot': () => ({ parts: 3, lastDue, testSeconds: 0 }),
      'finish-campaign': (_, call) => {
        if (call === 1) throw named('NotAllDue');
        if (call < 4) throw named('NotDrained');
        return { state: 'finished' };
      },
    });
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: { state: 'finished' } });
    expect(of('finish-campaign')).toEqual(Array(4).fill({ campaignId: 'c', runId: 'c-h', parts: 3, lastDue }));
    const [early, second] = h.calls.filter(({ name }) => name === 'finish-campaign').map(({ atMs }) => atMs);
    expect(early).toBeLessThan(Date.parse(input.sendAt) + DAY);
    expect(second).toBe(Date.parse(lastDue));
    // As without (5), the wait and the question after it, and 2 more questions.
    expect(h.meter.snapshot()['states-transition']?.Machine?.units).toBe(5 + 2 + 2);
  });

  test('a drain of days is waited for', async () => {
    const { end } = await run({
      'finish-campaign': (_, call) => {
        if (call < 600) throw named('NotDrained');
        return { state: 'finished' };
      },
    });
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: { state: 'finished' } });
  });

  describe('paused', () => {
    /** A run that is paused when it asks for the first time whether it has drained. */
    const start = async (change: Record<string, Fake> = {}) => {
      const h = harness({
        ...good,
        'finish-campaign': (_, call) => {
          if (call === 1) throw named('PlanPaused');
          return { state: 'finished' };
        },
        'hold-campaign': () => undefined,
        ...change,
      });
      h.ctx.services.athena = {
        async run() {
          const execution = { Statistics: { DataManifestLocation: 's3://work/manifest.csv' } };
          return { id: 'q', execution, state: 'SUCCEEDED', reason: '' };
        },
      };
      const arn = await h.start(h.create(definition('run-campaign')), input);
      const of = (name: string) => h.calls.filter((call) => call.name === name);
      const end = async () => {
        await h.clock.advanceUntil(async () => (await h.describe(arn)).status !== 'RUNNING', 60 * DAY);
        return h.describe(arn);
      };
      return { h, of, end, status: async () => (await h.describe(arn)).status };
    };
    const task = { campaignId: 'c', runId: 'c-h' };

    test('it waits for days and asks nothing, until it is told; then it asks at once', async () => {
      const { h, of, end, status } = await start();
      await h.clock.advance(25 * DAY);
      expect(await status()).toBe('RUNNING');
      expect(of('finish-campaign')).toHaveLength(1);
      const [held] = of('hold-campaign').map(({ event }) => event as { taskToken: string });
      expect(held).toEqual({ ...task, taskToken: expect.any(String) });
      const told = h.clock.now();
      await h.api('SendTaskSuccess', { taskToken: held!.taskToken, output: '{}' });
      expect(await end()).toMatchObject({ status: 'SUCCEEDED', output: '{"state":"finished"}' });
      expect(of('finish-campaign').at(-1)).toMatchObject({ event: { ...task, parts: 3 }, atMs: told });
      // A run takes 5, here one more to dispatch; a pause two more.
      expect(h.meter.snapshot()['states-transition']?.Machine?.units).toBe(5 + 1 + 2);
    });

    test('nobody resumes it: 30 days after it began the pause is given up, and it drains', async () => {
      const { of, end } = await start();
      expect(await end()).toMatchObject({ status: 'SUCCEEDED' });
      expect(of('hold-campaign')).toMatchObject([{ event: { ...task } }, { event: task }]);
      const [prepared, givenUp] = [of('prepare-snapshot')[0]!, of('hold-campaign')[1]!];
      expect(givenUp.event).toEqual(task);
      expect(Math.abs(givenUp.atMs - prepared.atMs - 30 * DAY)).toBeLessThan(60_000);
    });

    test('over before it began to wait: it goes on at once', async () => {
      const { of, end } = await start({
        'hold-campaign': () => {
          throw named('NotPaused');
        },
      });
      expect(await end()).toMatchObject({ status: 'SUCCEEDED' });
      expect(of('hold-campaign')).toHaveLength(1);
      expect(of('finish-campaign')).toHaveLength(2);
    });

    test('a wait that cannot begin is retried, then told', async () => {
      const { of, end } = await start({
        'hold-campaign': () => {
          throw named('Broken', 'no table');
        },
      });
      expect(await end()).toMatchObject({ status: 'FAILED', error: 'Broken' });
      expect(of('hold-campaign')).toHaveLength(13);
      expect(of('finish-campaign').at(-1)?.event).toMatchObject({ error: expect.stringContaining('Broken') });
    });
  });

  test('a drain that cannot be asked for is retried, then told', async () => {
    const { end, of } = await run({
      'finish-campaign': (event) => {
        if ((event as { error?: string }).error) return { state: 'failed' };
        throw named('Broken', 'no table');
      },
    });
    expect(end).toMatchObject({ status: 'FAILED', error: 'Broken' });
    expect(of('finish-campaign')).toHaveLength(14);
    expect(of('finish-campaign').at(-1)).toMatchObject({ error: expect.stringMatching(/^Broken: .*no table/) });
  });
});
