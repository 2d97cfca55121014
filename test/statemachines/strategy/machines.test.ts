import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Fake, harness, named, START } from '../../local/states-harness.ts';

/** The definition as CDK fills it, with functions by their names in kebab case. */
const definition = (name: string): object => {
  const text = readFileSync(join(import.meta.dirname, `../../../statemachines/strategy/${name}.asl.json`), 'utf8')
    .replace(/\$\{(\w+)FunctionArn\}/g, (_, fn: string) => {
      const kebab = fn.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
      return `arn:aws:lambda:us-east-1:000000000000:function:${kebab}`;
    })
    .replace(/\$\{AthenaWorkGroup\}/, 'herald');
  return JSON.parse(text) as object;
};
const DAY = 86_400_000;

describe('approve-plan', () => {
  const ref = { kind: 'campaign', id: 'c', hash: 'h', submission: 3 };
  /** Two levels; people are reminded every 100 seconds, and after 600 it has expired. `said` is what people have decided by then. */
  const start = async (
    said: { state: string; level: number },
    request: Fake = () => undefined,
    { check = () => ({}), kind = 'campaign' }: { check?: Fake; kind?: string } = {},
  ) => {
    const settle: Fake = (event) => {
      const { givenUp } = event as { givenUp: boolean };
      const nowMs = h.clock.now();
      if (said.state === 'in review' && (givenUp || nowMs >= START + 600_000)) said.state = 'draft';
      if (said.state === 'approved') said.state = 'scheduled';
      return {
        ...ref,
        state: said.state,
        ...(said.state === 'in review' && { wait: { level: said.level, seconds: 100 } }),
      };
    };
    const h = harness({ 'check-submission': check, 'request-approval': request, 'settle-approval': settle });
    const arn = await h.start(h.create(definition('approve-plan')), { ...ref, kind, wait: { level: 0, seconds: 100 } });
    const of = (name: string) => h.calls.filter((call) => call.name === name);
    const tokens = () => of('request-approval').map(({ event }) => (event as { taskToken: string }).taskToken);
    const answer = async () =>
      h.api('SendTaskSuccess', { taskToken: tokens().at(-1), output: '{"outcome":"approved"}' });
    const end = async () => {
      await h.clock.advanceUntil(async () => (await h.describe(arn)).status !== 'RUNNING', 2 * DAY);
      return h.describe(arn);
    };
    return { h, of, tokens, answer, end };
  };
  const ended = (state: string) => ({ status: 'SUCCEEDED', output: JSON.stringify({ state }) });

  test('hands over a token for each level, waits, and settles what was decided', async () => {
    const said = { state: 'in review', level: 0 };
    const { h, of, tokens, answer, end } = await start(said);
    await h.clock.advance(50_000);
    expect(of('request-approval').map(({ event }) => event)).toEqual([
      { ...ref, level: 0, taskToken: expect.any(String) },
    ]);
    said.level = 1;
    await answer();
    await h.clock.advance(50_000);
    expect(of('request-approval').at(-1)?.event).toEqual({ ...ref, level: 1, taskToken: expect.any(String) });
    expect(new Set(tokens()).size).toBe(2);
    said.state = 'approved';
    await answer();
    expect(await end()).toMatchObject(ended('scheduled'));
    expect(of('settle-approval').map(({ event }) => event)).toEqual(Array(2).fill({ ...ref, givenUp: false }));
    // Two before it begins, three a level, and the end.
    expect(h.meter.snapshot()['states-transition']?.Machine?.units).toBe(2 + 2 * 3 + 1);
  });

  test('the audience of a campaign is counted before anybody is asked, and who is asked first may follow from it', async () => {
    const check: Fake = () => ({ wait: { level: 0, seconds: 7 } });
    const { h, of } = await start({ state: 'in review', level: 0 }, undefined, { check });
    await h.clock.advance(8_000);
    expect(of('check-submission').map(({ event }) => event)).toEqual([ref]);
    expect(of('settle-approval').map(({ atMs }) => atMs - START)).toEqual([7_000]);
  });

  test('it cannot be counted: after three attempts people are asked all the same', async () => {
    const check: Fake = () => {
      throw named('Broken');
    };
    const { h, of } = await start({ state: 'in review', level: 0 }, undefined, { check });
    await h.clock.advance(10_000);
    expect([of('check-submission').length, of('request-approval').length]).toEqual([3, 1]);
  });

  test.each([
    ['trigger', 0],
    ['template', 0],
    ['segment', 0],
    ['journey', 1],
  ])('what has no audience is asked about at once: %s', async (kind, counted) => {
    const { h, of } = await start({ state: 'in review', level: 0 }, undefined, { kind });
    await h.clock.advance(1_000);
    expect([of('check-submission').length, of('request-approval').length]).toEqual([counted, 1]);
  });

  test('nobody says anything: it looks each time that people are to be reminded, until it has expired', async () => {
    const { of, end } = await start({ state: 'in review', level: 0 });
    expect(await end()).toMatchObject(ended('draft'));
    expect(of('settle-approval').map(({ atMs }) => atMs - START)).toEqual([1, 2, 3, 4, 5, 6].map((n) => n * 100_000));
    expect(of('settle-approval').every(({ event }) => !(event as { givenUp: boolean }).givenUp)).toBe(true);
  });

  test('withdrawn before it was asked: it looks, without retry, and ends', async () => {
    const { of, end } = await start({ state: 'draft', level: 0 }, () => {
      throw named('ApprovalVoided');
    });
    expect(await end()).toMatchObject(ended('draft'));
    expect(of('request-approval')).toHaveLength(1);
  });

  test('decided with the token of an attempt that nobody waits for: it looks, and puts it in force', async () => {
    const said = { state: 'in review', level: 0 };
    const { end } = await start(said, (_, call) => {
      if (call === 1) {
        said.state = 'approved';
        throw named('Lambda.Unknown');
      }
      throw named('ApprovalVoided');
    });
    expect(await end()).toMatchObject(ended('scheduled'));
  });

  test('trouble in asking is retried, with the token of the last attempt', async () => {
    const said = { state: 'in review', level: 0 };
    const { h, tokens, answer, end } = await start(said, (_, call) => {
      if (call < 3) throw named('ThrottlingException');
    });
    await h.clock.advance(30_000);
    expect(tokens()).toHaveLength(3);
    said.state = 'approved';
    await answer();
    expect(await end()).toMatchObject(ended('scheduled'));
  });

  test('not to be asked at all: it is given up, not left in review', async () => {
    const { of, end } = await start({ state: 'in review', level: 0 }, () => {
      throw named('Broken');
    });
    expect(await end()).toMatchObject(ended('draft'));
    expect(of('request-approval')).toHaveLength(13);
    expect(of('settle-approval')).toMatchObject([{ event: { givenUp: true } }]);
  });

  test('not to be put in force: it is tried on for more than a day, at last each hour, and then fails, for the alarm', async () => {
    const { h, of, end } = await start({ state: 'in review', level: 0 }, undefined, { kind: 'journey' });
    h.functions['settle-approval'] = () => {
      throw named('Broken', 'no table');
    };
    expect(await end()).toMatchObject({ status: 'FAILED', error: 'Broken' });
    const tried = of('settle-approval').map(({ atMs }) => atMs);
    const waits = tried.slice(1).map((atMs, n) => (atMs - tried[n]!) / 1_000);
    expect(waits).toEqual([...Array.from({ length: 11 }, (_, n) => 2 ** (n + 1)), ...Array(25).fill(3_600)]);
    expect(tried.at(-1)! - tried[0]!).toBeGreaterThan(26 * 3_600_000);
  });

  test.each(['published', 'rejected', 'draft'])('after 20 hours of trouble it finds it %s, and ends', async (state) => {
    const { h, end } = await start({ state: 'in review', level: 0 }, undefined, { kind: 'journey' });
    h.functions['settle-approval'] = () => {
      if (h.clock.now() < START + 20 * 3_600_000) throw named('Broken', 'no table');
      return { ...ref, state };
    };
    expect(await end()).toMatchObject(ended(state));
    // What was approved takes 37 attempts at most: $0.001.
    expect(h.meter.snapshot()['states-transition']?.Machine?.units).toBeLessThan(45);
  });
});

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
