import { describe, expect, it } from 'vitest';
import { checkDefinition } from '../../local/asl-definition.ts';
import { retryDelayMs, takes } from '../../local/asl-task.ts';
import { harness, invoke, last, named, START, states } from './states-harness.ts';

/** asl-validator wants Output to be an object or an expression. */
const pass = (output: object | string) => states({ Pass: { Type: 'Pass', Output: output, End: true } });

describe('JSONata in Step Functions', () => {
  const cases: [string, unknown, unknown][] = [
    ['a whole string is an expression', '{% $states.input.n + 1 %}', 8],
    ['a part of a string is not', 'n is {% $states.input.n %}', 'n is {% $states.input.n %}'],
    ['templates are evaluated at any depth', { a: [{ b: '{% $states.input.n %}' }, 'c'] }, { a: [{ b: 7 }, 'c'] }],
    ['keys are not evaluated', { '{% 1 %}': 1 }, { '{% 1 %}': 1 }],
    ['an array of one stays as jsonata gives it', '{% $states.input.list[n > 1].n %}', [2, 3]],
    ['null is a value', '{% null %}', null],
    ['$parse', '{% $parse(\'{"a":[1]}\').a %}', [1]],
    ['$uuid', '{% $length($uuid()) %}', 36],
    ['$now is the clock of the cloud', '{% $now() %}', '2026-11-22T12:00:00.000Z'],
    ['$now with a picture', "{% $now('[Y]/[M01]') %}", '2026/11'],
    ['$millis', '{% $millis() %}', START],
    ['Execution.Name', '{% $states.context.Execution.Name %}', 'the-name'],
    ['Execution.Input', '{% $states.context.Execution.Input.n %}', 7],
    ['Execution.StartTime', '{% $states.context.Execution.StartTime %}', '2026-11-22T12:00:00.000Z'],
    ['Execution.Id', "{% $contains($states.context.Execution.Id, ':execution:Machine:the-name') %}", true],
    ['a condition on $exists', '{% $exists($states.input.x) ? $states.input.x : 1 %}', 1],
    ['State.Name', '{% $states.context.State.Name %}', 'Pass'],
    ['State.RetryCount', '{% $states.context.State.RetryCount %}', 0],
    ['StateMachine.Name', '{% $states.context.StateMachine.Name %}', 'Machine'],
  ];
  it.each(cases)('%s', async (_, output, expected) => {
    const input = { n: 7, list: [{ n: 1 }, { n: 2 }, { n: 3 }] };
    const ended = await harness().run(pass({ is: output }), input, 'the-name');
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { is: expected } });
  });

  it.each([
    ['nothing', '{% $states.input.missing %}', 'returned nothing'],
    ['a wrong type', "{% 1 + 'a' %}", 'must evaluate to a number'],
    ['a function', '{% function($x) { $x } %}', 'unsupported result type'],
    ['a built-in function', '{% $sum %}', 'unsupported result type'],
    ['the input as $', '{% $.n %}', 'returned nothing'],
  ])('%s fails with States.QueryEvaluationError', async (_, output, cause) => {
    const ended = await harness().run(pass(output));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(ended.cause).toContain(cause);
  });
});

describe('refusals when a machine is made', () => {
  const load = (definition: object) => () =>
    checkDefinition(JSON.stringify({ QueryLanguage: 'JSONata', ...definition }), 'STANDARD');
  const map = (inner: object) => ({ Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...inner } });
  it.each<[string, object, RegExp]>([
    ['JSONPath', { QueryLanguage: 'JSONPath', ...pass({}) }, /"QueryLanguage": "JSONata"/],
    ['no language, which means JSONPath', { QueryLanguage: undefined, ...pass({}) }, /"QueryLanguage": "JSONata"/],
    ['a JSONPath state', last({ Type: 'Pass', QueryLanguage: 'JSONPath' }), /QueryLanguage is not supported/],
    [
      'an unknown resource',
      last({ Type: 'Task', Resource: 'arn:aws:states:::sns:publish', Arguments: {} }),
      /sns:publish is not supported/,
    ],
    [
      'an argument that does nothing here',
      last(invoke('f', 1, { Arguments: { FunctionName: 'f', Qualifier: '1' } })),
      /Only: Qualifier is not supported/,
    ],
    ['HeartbeatSeconds', last(invoke('f', 1, { HeartbeatSeconds: 5 })), /HeartbeatSeconds/],
    [
      'a Distributed Map',
      last({
        ...map(pass({})),
        ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...pass({}) },
      }),
      /INLINE/,
    ],
    ['ToleratedFailureCount', last({ ...map(pass({})), ToleratedFailureCount: 1 }), /ToleratedFailureCount/],
    ['$eval', pass("{% $eval('1') %}"), /\$eval.* is not supported/],
    ['the operator ??', pass('{% $states.input.a ?? 1 %}'), /\?\? in .* is not supported/],
    ['$hash', pass("{% $hash('a', 'MD5') %}"), /\$hash.* is not supported/],
    ['the operator ?:', pass('{% $states.input.a ?: 1 %}'), /\?: in .* is not supported/],
    ['a syntax error', pass('{% $states.input. %}'), /\{% \$states\.input\. %\}/],
    ['a Next that leads nowhere', states({ A: { Type: 'Pass', Next: 'B' } }), /MISSING_TRANSITION_TARGET/],
  ])('%s', (_, definition, message) => expect(load(definition)).toThrow(message));

  it('refuses what Express machines cannot do', () => {
    const waiting = last(invoke('f', 1, { Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken' }));
    expect(() => harness().create(waiting, 'EXPRESS')).toThrow(
      /State machine Machine .*waitForTaskToken in an Express machine is not supported/,
    );
  });
});

describe('Pass, Choice, Succeed, Fail', () => {
  it('passes its input when there is no Output', async () => {
    expect(await harness().run(last({ Type: 'Pass' }), { a: 1 })).toMatchObject({ output: { a: 1 } });
  });

  const choice = states({
    Choose: {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $states.input.n > 10 %}', Next: 'End', Output: "{% 'big' %}", Assign: { by: 'first' } },
        { Condition: '{% $states.input.n > 5 %}', Next: 'End' },
      ],
      Default: 'End',
      Output: "{% 'small' %}",
      Assign: { by: 'default' },
    },
    End: { Type: 'Succeed', Output: { was: '{% $states.input %}', by: "{% $exists($by) ? $by : 'none' %}" } },
  });
  it.each([
    [11, { was: 'big', by: 'first' }],
    [6, { was: { n: 6 }, by: 'none' }],
    [1, { was: 'small', by: 'default' }],
  ])('Choice of %i: a rule has its own Output and Assign, the state those of the Default', async (n, output) => {
    expect(await harness().run(choice, { n })).toMatchObject({ output });
  });

  it('fails without a match and without Default', async () => {
    const machine = states({
      A: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'B' }] },
      B: { Type: 'Succeed' },
    });
    expect(await harness().run(machine)).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  it('wants a boolean Condition', async () => {
    const machine = states({
      A: { Type: 'Choice', Choices: [{ Condition: '{% 1 %}', Next: 'B' }], Default: 'B' },
      B: { Type: 'Succeed' },
    });
    expect(await harness().run(machine)).toMatchObject({ error: 'States.QueryEvaluationError' });
  });

  it('Fail evaluates Error and Cause', async () => {
    const machine = states({
      A: { Type: 'Fail', Error: '{% $states.input.error %}', Cause: "{% 'because ' & $states.input.error %}" },
    });
    expect(await harness().run(machine, { error: 'Mine' })).toMatchObject({
      status: 'FAILED',
      error: 'Mine',
      cause: 'because Mine',
    });
  });
});

describe('Wait', () => {
  it.each<[string, object, number]>([
    ['Seconds', { Seconds: 90 }, 90_000],
    ['Seconds by expression', { Seconds: '{% $states.input.s %}' }, 30_000],
    ['Timestamp', { Timestamp: '2026-11-22T13:00:00Z' }, 3_600_000],
    ['Timestamp with a zone', { Timestamp: '{% $states.input.at %}' }, 1_800_000],
    ['Timestamp that is past', { Timestamp: '2020-01-01T00:00:00Z' }, 0],
  ])('%s', async (_, fields, ms) => {
    const h = harness();
    const input = { s: 30, at: '2026-11-22T14:30:00+02:00' };
    expect(await h.run(last({ Type: 'Wait', ...fields }), input)).toMatchObject({ status: 'SUCCEEDED', output: input });
    expect(h.clock.now() - START).toBe(ms);
  });

  it.each([{ Seconds: '{% -1 %}' }, { Seconds: "{% '5' %}" }, { Timestamp: '{% "tomorrow" %}' }])(
    'refuses %o',
    async (fields) => {
      expect(await harness().run(last({ Type: 'Wait', ...fields }))).toMatchObject({
        error: 'States.QueryEvaluationError',
      });
    },
  );
});

describe('variables', () => {
  it('Output and Assign see the variables as they were on entry', async () => {
    const machine = states({
      A: { Type: 'Pass', Assign: { x: 1, y: 10 }, Next: 'B' },
      B: { Type: 'Pass', Assign: { x: '{% $y %}', y: '{% $x %}' }, Output: '{% $x %}', Next: 'C' },
      C: { Type: 'Pass', Output: '{% [$states.input, $x, $y] %}', End: true },
    });
    expect(await harness().run(machine)).toMatchObject({ output: [1, 10, 1] });
  });

  it('shadow functions of the same name', async () => {
    const machine = states({
      A: { Type: 'Pass', Assign: { uuid: 'abc' }, Next: 'B' },
      B: { Type: 'Pass', Output: '{% $uuid %}', End: true },
    });
    expect(await harness().run(machine)).toMatchObject({ output: 'abc' });
  });

  it('inner scopes read outer variables, keep their own, and hand them to nobody', async () => {
    const machine = states({
      A: { Type: 'Pass', Assign: { factor: 10 }, Next: 'B' },
      B: {
        Type: 'Map',
        Items: [1, 2],
        ItemProcessor: states({
          C: { Type: 'Pass', Assign: { own: '{% $states.input * $factor %}' }, Next: 'D' },
          D: { Type: 'Pass', Output: '{% $own %}', End: true },
        }),
        Assign: { sum: '{% $sum($states.result) %}' },
        Next: 'E',
      },
      E: {
        Type: 'Pass',
        Output: { sum: '{% $sum %}', own: '{% $exists($own) %}', items: '{% $states.input %}' },
        End: true,
      },
    });
    // $sum the variable shadows $sum the function from then on, as in JSONata.
    expect(await harness().run(machine)).toMatchObject({ output: { sum: 30, own: false, items: [10, 20] } });
  });
});

describe('Map and Parallel', () => {
  const sleep = (seconds: string) => ({ Type: 'Wait', Seconds: seconds, Next: 'Echo' });
  const each = (more: object = {}) => ({
    Type: 'Map',
    ItemProcessor: states({ Sleep: sleep('{% $states.input %}'), Echo: { Type: 'Pass', End: true } }),
    ...more,
  });
  it.each<[string, object, number]>([
    ['all at once', {}, 4],
    ['one by one', { MaxConcurrency: 1 }, 10],
    ['two at a time', { MaxConcurrency: '{% 1 + 1 %}' }, 6],
  ])('%s: outputs in the order of the items', async (_, more, seconds) => {
    const h = harness();
    expect(await h.run(last(each(more)), [4, 1, 3, 2])).toMatchObject({ output: [4, 1, 3, 2] });
    expect((h.clock.now() - START) / 1000).toBe(seconds);
  });

  it('ItemSelector sees the item and its index', async () => {
    const selector = {
      i: '{% $states.context.Map.Item.Index %}',
      v: '{% $states.context.Map.Item.Value %}',
      all: '{% $count($states.input) %}',
    };
    const machine = last({
      Type: 'Map',
      ItemSelector: selector,
      ItemProcessor: pass('{% $merge([$states.input, {"same": $states.context.Map.Item.Index}]) %}'),
    });
    expect(await harness().run(machine, ['a', 'b'])).toMatchObject({
      output: [
        { i: 0, v: 'a', all: 2, same: 0 },
        { i: 1, v: 'b', all: 2, same: 1 },
      ],
    });
  });

  it('nothing to do gives an empty array', async () => {
    expect(await harness().run(last(each()), [])).toMatchObject({ output: [] });
  });

  it('wants an array', async () => {
    expect(await harness().run(last(each({ Items: '{% 1 %}' })))).toMatchObject({
      error: 'States.QueryEvaluationError',
    });
  });

  it('the first failing iteration ends the others and is the error of the Map', async () => {
    const h = harness({ f: (n) => (n === 2 ? Promise.reject(named('Boom')) : n) });
    const machine = last({
      ...{
        Type: 'Map',
        ItemProcessor: states({
          Wait: { Type: 'Wait', Seconds: '{% $states.input %}', Next: 'Call' },
          Call: invoke('f', undefined, { End: true }),
        }),
      },
    });
    const ended = await h.run(machine, [1, 2, 3]);
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Boom' });
    expect(h.calls.map(({ event }) => event)).toEqual([1, 2]);
    const types = (await h.history(ended.executionArn))
      .map(({ type }) => type)
      .filter((type) => type.startsWith('Map'));
    expect(types.sort()).toEqual([
      ...[
        'MapIterationAborted',
        'MapIterationFailed',
        'MapIterationStarted',
        'MapIterationStarted',
        'MapIterationStarted',
      ],
      ...['MapIterationSucceeded', 'MapStateEntered', 'MapStateFailed', 'MapStateStarted'],
    ]);
  });

  it('a Retry of a Map runs all iterations again', async () => {
    const h = harness({ f: (n, call) => (call === 2 ? Promise.reject(named('Boom')) : n) });
    const machine = last({
      ...{ Type: 'Map', MaxConcurrency: 1, ItemProcessor: states({ Call: invoke('f', undefined, { End: true }) }) },
      ...{ Retry: [{ ErrorEquals: ['Boom'] }], Output: '{% $states.result.Payload %}' },
    });
    expect(await h.run(machine, [1, 2])).toMatchObject({ output: [1, 2] });
    expect(h.calls.map(({ event }) => event)).toEqual([1, 2, 1, 2]);
  });

  it('Parallel gives its Arguments to each branch and collects their outputs in order', async () => {
    const h = harness();
    const branches = [
      states({
        Slow: { Type: 'Wait', Seconds: 5, Next: 'One' },
        One: { Type: 'Pass', Output: '{% [$states.input, 1] %}', End: true },
      }),
      states({ Two: { Type: 'Pass', Output: '{% [$states.input, 2] %}', End: true } }),
    ];
    const machine = last({ Type: 'Parallel', Arguments: '{% $states.input.x %}', Branches: branches });
    expect(await h.run(machine, { x: 9 })).toMatchObject({
      output: [
        [9, 1],
        [9, 2],
      ],
    });
    expect(h.clock.now() - START).toBe(5000);
  });

  it('virtual time stands still while one branch works and another waits', async () => {
    let turns = 0;
    const turn = (): Promise<number> =>
      new Promise((resolve) => setImmediate(() => resolve(++turns < 50 ? turn() : turns)));
    const branches = [
      states({ Work: invoke('f', {}, { Output: { at: '{% $millis() %}' }, End: true }) }),
      states({ Wait: { Type: 'Wait', Seconds: 1, Output: { at: '{% $millis() %}' }, End: true } }),
    ];
    const ended = await harness({ f: turn }).run(last({ Type: 'Parallel', Branches: branches }));
    expect(ended).toMatchObject({ output: [{ at: START }, { at: START + 1000 }] });
  });

  it('a Catch of a Parallel takes the error of its branch', async () => {
    const machine = states({
      Both: {
        ...{
          Type: 'Parallel',
          Branches: [
            states({ A: { Type: 'Fail', Error: 'Mine' } }),
            states({ B: { Type: 'Wait', Seconds: 9, End: true } }),
          ],
        },
        ...{ Catch: [{ ErrorEquals: ['Mine'], Next: 'Caught' }], Next: 'Caught' },
      },
      Caught: { Type: 'Succeed' },
    });
    const h = harness();
    expect(await h.run(machine)).toMatchObject({ status: 'SUCCEEDED', output: { Error: 'Mine' } });
    expect(h.clock.now()).toBe(START);
  });
});

describe('which errors an ErrorEquals takes', () => {
  it.each<[string[], string, boolean]>([
    [['Boom'], 'Boom', true],
    [['boom'], 'Boom', false],
    [['States.ALL'], 'Boom', true],
    [['States.ALL'], 'States.Timeout', true],
    [['States.ALL'], 'States.QueryEvaluationError', true],
    [['States.ALL'], 'States.DataLimitExceeded', false],
    [['States.DataLimitExceeded'], 'States.DataLimitExceeded', true],
    [['States.ALL'], 'States.Runtime', false],
    [['States.Runtime'], 'States.Runtime', false],
    [['States.TaskFailed'], 'Boom', true],
    [['States.TaskFailed'], 'States.Timeout', false],
    [['States.TaskFailed'], 'States.DataLimitExceeded', false],
  ])('%j, %s: %s', (equals, error, taken) => expect(takes(equals, error)).toBe(taken));
});

describe('the pause before a retry', () => {
  it.each<[object, number[]]>([
    [{}, [1, 2, 4, 8]],
    [{ IntervalSeconds: 5, BackoffRate: 1.5 }, [5, 7.5, 11.25, 16.875]],
    [{ IntervalSeconds: 3, BackoffRate: 2, MaxDelaySeconds: 10 }, [3, 6, 10, 10]],
    [{ IntervalSeconds: 2, BackoffRate: 1 }, [2, 2, 2, 2]],
    [{ JitterStrategy: 'NONE' }, [1, 2, 4, 8]],
  ])('%j', (retrier, seconds) => {
    expect([1, 2, 3, 4].map((n) => retryDelayMs({ ErrorEquals: [], ...retrier }, n, '') / 1000)).toEqual(seconds);
  });

  it('FULL jitter stays between 0 and the pause, and repeats itself for the same seed', () => {
    const draw = (seed: string) =>
      retryDelayMs({ ErrorEquals: [], IntervalSeconds: 10, JitterStrategy: 'FULL' }, 1, seed);
    const draws = Array.from({ length: 200 }, (_, n) => draw(`s${n}`));
    expect(Math.min(...draws)).toBeLessThan(500);
    expect(Math.max(...draws)).toBeGreaterThan(9500);
    expect(Math.max(...draws)).toBeLessThanOrEqual(10_000);
    expect(draw('s1')).toBe(draws[1]);
  });
});

describe('Task, Retry and Catch', () => {
  it('gives Payload, StatusCode and ExecutedVersion of a Lambda function', async () => {
    const h = harness({ f: (event) => ({ got: event }) });
    const output = { Payload: { got: { a: 1 } }, StatusCode: 200, ExecutedVersion: '$LATEST' };
    expect(await h.run(last(invoke('f')), { a: 1 })).toMatchObject({ output });
  });

  it('retries with the documented pauses, counts each as a transition, then fails with the function’s error', async () => {
    const h = harness({ f: () => Promise.reject(named('NotDrained', 'wait')) });
    const retry = [
      { ErrorEquals: ['NotDrained'], IntervalSeconds: 5, BackoffRate: 1.5, MaxDelaySeconds: 9, MaxAttempts: 4 },
    ];
    const ended = await h.run(last(invoke('f', '{% $states.context.State.RetryCount %}', { Retry: retry })));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'NotDrained' });
    expect(JSON.parse(ended.cause ?? '')).toEqual({ errorType: 'NotDrained', errorMessage: 'wait' });
    expect(h.calls.map(({ atMs, event }) => [(atMs - START) / 1000, event])).toEqual([
      [0, 0],
      [5, 1],
      [12.5, 2],
      [21.5, 3],
      [30.5, 4],
    ]);
    expect(h.meter.snapshot()['states-transition']).toEqual({ Machine: { units: 5, calls: 5 } });
  });

  it('counts the attempts of each Retry entry apart, and takes the first that matches', async () => {
    const errors = ['A', 'B', 'A', 'B', 'A'];
    const h = harness({ f: (_, call) => Promise.reject(named(errors[call - 1] ?? 'A')) });
    const retry = [
      { ErrorEquals: ['A'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1 },
      { ErrorEquals: ['States.ALL'], IntervalSeconds: 10, BackoffRate: 1 },
    ];
    expect(await h.run(last(invoke('f', 0, { Retry: retry })))).toMatchObject({ error: 'A' });
    expect(h.calls.map(({ atMs }) => (atMs - START) / 1000)).toEqual([0, 1, 11, 12, 22]);
  });

  it('MaxAttempts 0 means never, and the Catch comes next', async () => {
    const h = harness({ f: () => Promise.reject(named('A')) });
    const machine = states({
      Try: invoke('f', 0, {
        ...{ Retry: [{ ErrorEquals: ['A'], MaxAttempts: 0 }], Next: 'Done' },
        Catch: [
          { ErrorEquals: ['B'], Next: 'Done' },
          {
            ErrorEquals: ['A'],
            Next: 'Done',
            Output: { why: '{% $states.errorOutput.Error %}', was: '{% $states.input %}' },
            Assign: { caught: '{% $parse($states.errorOutput.Cause).errorMessage %}' },
          },
          { ErrorEquals: ['States.ALL'], Next: 'Done', Output: "{% 'too late' %}" },
        ],
      }),
      Done: { Type: 'Pass', Output: '{% $merge([$states.input, {"caught": $caught}]) %}', End: true },
    });
    expect(await h.run(machine, 5)).toMatchObject({ output: { why: 'A', was: 5, caught: 'went wrong' } });
    expect(h.calls).toHaveLength(1);
  });

  it('without Output a Catch passes on the error', async () => {
    const h = harness({ f: () => Promise.reject(named('A', 'm')) });
    const machine = states({
      Try: invoke('f', 0, { Next: 'Done', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Done' }] }),
      Done: { Type: 'Succeed' },
    });
    expect(await h.run(machine)).toMatchObject({
      output: { Error: 'A', Cause: '{"errorType":"A","errorMessage":"m"}' },
    });
  });

  it.each<[string, object, string]>([
    ['Arguments', invoke('f', '{% $nothing %}'), 'States.QueryEvaluationError'],
    ['Output', invoke('f', 1, { Output: '{% $nothing %}' }), 'States.QueryEvaluationError'],
  ])('a failing %s can be caught', async (_, task, error) => {
    const machine = states({
      Try: { ...task, Next: 'Done', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Done' }] },
      Done: { Type: 'Succeed' },
    });
    expect(await harness().run(machine)).toMatchObject({ status: 'SUCCEEDED', output: { Error: error } });
  });

  it('TimeoutSeconds ends an attempt with States.Timeout', async () => {
    const h = harness();
    h.ctx.services.lambda.invoke = () => new Promise(() => {}); // a call that never comes back
    expect(await h.run(last(invoke('f', 0, { TimeoutSeconds: 30 })))).toMatchObject({
      status: 'FAILED',
      error: 'States.Timeout',
    });
    expect(h.clock.now() - START).toBe(30_000);
  });

  it.each<[string, boolean]>([
    ['States.ALL', false],
    ['States.DataLimitExceeded', true],
  ])('a result above 256 KiB is caught by %s: %s', async (errorEquals, caught) => {
    const h = harness({ f: () => 'ä'.repeat(131_072) });
    const machine = states({
      Try: invoke('f', 0, { Next: 'Done', Catch: [{ ErrorEquals: [errorEquals], Next: 'Done' }] }),
      Done: { Type: 'Succeed' },
    });
    const ended = await h.run(machine);
    expect(caught ? ended.output.Error : ended.error).toBe('States.DataLimitExceeded');
  });
});

describe('other resources', () => {
  const task = (resource: string, args: object, more: object = {}) =>
    last({ Type: 'Task', Resource: `arn:aws:states:::${resource}`, Arguments: args, ...more });

  it('athena:startQueryExecution.sync', async () => {
    const h = harness();
    const asked: unknown[] = [];
    const answer = {
      id: 'q',
      execution: { QueryExecutionId: 'q', Status: { State: 'SUCCEEDED' } },
      state: 'SUCCEEDED' as const,
      reason: '',
    };
    h.ctx.services.athena = {
      run: async (query) => (asked.push(query) === 1 ? answer : { ...answer, state: 'FAILED' as const }),
    };
    const args = {
      QueryString: 'SELECT 1',
      WorkGroup: 'w',
      QueryExecutionContext: { Database: 'd' },
    };
    const machine = task('athena:startQueryExecution.sync', args);
    expect(await h.run(machine)).toMatchObject({ output: { QueryExecution: { QueryExecutionId: 'q' } } });
    expect(asked).toEqual([{ sql: 'SELECT 1', database: 'd', workGroup: 'w' }]);
    expect(await h.run(machine)).toMatchObject({ error: 'States.TaskFailed', cause: JSON.stringify(answer.execution) });
  });
});
