import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Fake, harness, named } from '../../local/states-harness.ts';

const text = readFileSync(join(import.meta.dirname, '../../../statemachines/audience/fit-model.asl.json'), 'utf8');
const HOUR = 3_600_000;
const arn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

/** The machine as on the emulator: the query is a function as well, so that a test can let it fail. */
const definition = (): object => {
  const filled = text
    .replace(/\$\{(\w+)FunctionArn\}/g, (_, name: string) => arn(name))
    .replace('${AthenaWorkGroup}', 'herald');
  const machine = JSON.parse(filled) as { States: Record<string, Record<string, unknown>> };
  const query = machine.States.QueryFacts!;
  machine.States.QueryFacts = {
    ...query,
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: arn('Query'),
      Payload: { sql: (query.Arguments as { QueryString: string }).QueryString },
    },
    Output: '{% $states.result.Payload %}',
  };
  return machine;
};

const prepared = (fits = true) => ({
  sql: "UNLOAD () TO 's3://w/models/rfm/1/unload/'",
  folder: 's3://w/models/rfm/1/unload/',
  database: 'd',
  fits,
});
const good = (more: Record<string, Fake> = {}): Record<string, Fake> => ({
  PrepareFit: () => prepared(),
  Query: () => ({ manifest: 's3://w/athena/m.csv' }),
  FitModel: () => ({ unfit: '', doubt: '' }),
  ApplyScores: () => ({ done: true, progress: { file: 1, line: 2, scored: 3, changed: 1, moved: {} } }),
  FinishFit: () => ({ outcome: 'applied' }),
  ...more,
});

const run = async (functions: Record<string, Fake>) => {
  const h = harness(functions);
  const execution = await h.start(h.create(definition()), { modelId: 'rfm', run: 1 });
  await h.clock.advanceUntil(async () => (await h.describe(execution)).status !== 'RUNNING', 48 * HOUR);
  const last = (name: string) => h.calls.findLast((call) => call.name === name)?.event;
  return { end: await h.describe(execution), names: h.calls.map(({ name }) => name), calls: h.calls, last };
};

describe('a run of a model', () => {
  test('asks the lake, fits, writes and finishes', async () => {
    const { end, names, last } = await run(good());
    expect(end.status).toBe('SUCCEEDED');
    expect(names).toEqual(['PrepareFit', 'Query', 'FitModel', 'ApplyScores', 'FinishFit']);
    expect(last('Query')).toEqual({ sql: "UNLOAD () TO 's3://w/models/rfm/1/unload/0/'" });
    expect(last('FitModel')).toEqual({ modelId: 'rfm', run: 1, manifest: 's3://w/athena/m.csv' });
    expect(last('ApplyScores')).toMatchObject({ progress: { file: 0, line: 0, scored: 0, changed: 0, moved: {} } });
    expect(last('FinishFit')).toMatchObject({ modelId: 'rfm', run: 1, progress: { scored: 3, changed: 1 } });
  });

  test('that activates a version fits none', async () => {
    const { end, names } = await run(good({ PrepareFit: () => prepared(false) }));
    expect([end.status, names]).toEqual(['SUCCEEDED', ['PrepareFit', 'Query', 'ApplyScores', 'FinishFit']]);
  });

  test('writes on where it stopped until all are done', async () => {
    const progress = (line: number) => ({ file: 0, line, scored: line, changed: 0, moved: { none: { new: line } } });
    const apply: Fake = (_, call) => ({ done: call === 3, progress: progress(call * 10) });
    const { calls, last } = await run(good({ ApplyScores: apply }));
    const asked = calls
      .filter(({ name }) => name === 'ApplyScores')
      .map(({ event }) => event as { progress: { line: number } });
    expect(asked.map(({ progress: { line } }) => line)).toEqual([0, 10, 20]);
    expect(last('FinishFit')).toMatchObject({ progress: progress(30) });
  });

  test('holds back a version that is in doubt', async () => {
    const { end, names, last } = await run(good({ FitModel: () => ({ unfit: '', doubt: 'no better than chance' }) }));
    expect([end.status, names.includes('ApplyScores')]).toEqual(['SUCCEEDED', false]);
    expect(last('FinishFit')).toEqual({ modelId: 'rfm', run: 1, unfit: '', doubt: 'no better than chance' });
  });

  test('notes that data cannot be fitted', async () => {
    const { end, names, last } = await run(good({ FitModel: () => ({ unfit: 'too few people', doubt: '' }) }));
    expect([end.status, names.includes('ApplyScores')]).toEqual(['SUCCEEDED', false]);
    expect(last('FinishFit')).toEqual({ modelId: 'rfm', run: 1, unfit: 'too few people', doubt: '' });
  });

  test('tells that its seed is gone without trying again, and does not fail for it', async () => {
    const unfit: Fake = () => {
      throw named('Unfit', 'There is no list l');
    };
    const { end, names, last } = await run(good({ PrepareFit: unfit }));
    expect(end.status).toBe('SUCCEEDED');
    expect(names).toEqual(['PrepareFit', 'FinishFit']);
    const { failure } = last('FinishFit') as { failure: { Error: string; Cause: string } };
    expect([failure.Error, failure.Cause]).toEqual(['Unfit', expect.stringContaining('There is no list l')]);
  });

  test.each(['PrepareFit', 'FitModel', 'ApplyScores', 'FinishFit'])(
    'ends without a trace when it is gone: %s',
    async (name) => {
      const gone: Fake = () => {
        throw named('RunGone');
      };
      const { end, names } = await run(good({ [name]: gone }));
      expect([end.status, names.filter((one) => one === name).length]).toEqual(['SUCCEEDED', 1]);
    },
  );

  test('waits for what is not ready longer than the sweep and the lake take', async () => {
    const slow: Fake = (_, call) => {
      if (call <= 20) throw named('NotReady');
      return prepared();
    };
    const { end, calls } = await run(good({ PrepareFit: slow }));
    const times = calls.filter(({ name }) => name === 'PrepareFit').map(({ atMs }) => atMs);
    expect(end.status).toBe('SUCCEEDED');
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(360_000);
  });

  test('a query that is repeated has a folder of its own', async () => {
    const flaky: Fake = (_, call) => {
      if (call < 3) throw named('Throttled');
      return { manifest: '' };
    };
    const { end, calls } = await run(good({ Query: flaky }));
    expect(end.status).toBe('SUCCEEDED');
    const folders = calls
      .filter(({ name }) => name === 'Query')
      .map(({ event }) => /unload\/(\d)\//.exec((event as { sql: string }).sql)?.[1]);
    expect(folders).toEqual(['0', '1', '2']);
  });

  test.each(['PrepareFit', 'Query', 'FitModel', 'ApplyScores', 'FinishFit'])(
    'tells of what does not pass, and fails: %s',
    async (name) => {
      const functions = good();
      const healthy = functions[name]!;
      const broken: Fake = (event, call) => {
        if ((event as { failure?: object }).failure) return healthy(event, call);
        throw named('Boom', 'a reason');
      };
      const { end, last } = await run({ ...functions, [name]: broken });
      expect(end).toMatchObject({ status: 'FAILED', error: 'Boom', cause: expect.stringContaining('a reason') });
      expect(last('FinishFit')).toMatchObject({
        failure: { Error: 'Boom', Cause: expect.stringContaining('a reason') },
      });
    },
  );

  test('fails even when that cannot be told', async () => {
    const broken: Fake = () => {
      throw named('Boom');
    };
    expect((await run(good({ FitModel: broken, FinishFit: broken }))).end).toMatchObject({
      status: 'FAILED',
      error: 'Boom',
    });
  });
});
