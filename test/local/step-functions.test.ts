import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import {
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, it, vi } from 'vitest';
import type { AwsError, ServiceRequest } from '../../local/types.ts';
import { asking, type Fake, harness, invoke, last, named, START, states } from './states-harness.ts';

const MINUTE = 60_000;
const pass = last({ Type: 'Pass' });
const never: Fake = () => new Promise(() => {});
const waiting = (seconds = 600) => last({ Type: 'Wait', Seconds: seconds });
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: AwsError) => error.code,
  );

describe('StartExecution', () => {
  it('is idempotent by name while it runs with the same input', async () => {
    const h = harness();
    const machine = h.create(waiting());
    const first = await h.start(machine, { a: 1 }, 'campaign-7');
    expect(first).toBe('arn:aws:states:us-east-1:000000000000:execution:Machine:campaign-7');
    expect(await h.start(machine, { a: 1 }, 'campaign-7')).toBe(first);
    expect(await code(h.start(machine, { a: 2 }, 'campaign-7'))).toBe('ExecutionAlreadyExists');
    await h.clock.advance(11 * MINUTE);
    expect(await code(h.start(machine, { a: 1 }, 'campaign-7'))).toBe('ExecutionAlreadyExists');
    expect((await h.history(first)).filter(({ type }) => type === 'ExecutionStarted')).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ['an unknown machine', { stateMachineArn: 'arn:nothing' }, 'StateMachineDoesNotExist'],
    ['an input that is not JSON', { input: '{' }, 'InvalidExecutionInput'],
    ['an input above 256 KiB', { input: JSON.stringify('x'.repeat(262_144)) }, 'InvalidExecutionInput'],
    ['a name with a blank', { name: 'a b' }, 'InvalidName'],
    ['a name with a colon', { name: 'a:b' }, 'InvalidName'],
    ['a name of 81 characters', { name: 'a'.repeat(81) }, 'InvalidName'],
  ])('refuses %s', async (_, body, error) => {
    const h = harness();
    expect(await code(h.api('StartExecution', { stateMachineArn: h.create(pass), ...body }))).toBe(error);
  });

  it('answers unknown operations with an error', async () => {
    expect(await code(harness().api('RedriveExecution', {}))).toBe('UnknownOperationException');
  });
});

describe('other operations', () => {
  it('StopExecution aborts at once, cancels its waits, and keeps the first stop', async () => {
    const h = harness();
    const executionArn = await h.start(h.create(waiting()));
    await h.clock.advance(1000);
    expect(await h.api('StopExecution', { executionArn, error: 'Why', cause: 'because' })).toEqual({
      stopDate: START / 1000 + 1,
    });
    await h.clock.advance(60 * MINUTE);
    expect(await h.api('StopExecution', { executionArn })).toEqual({ stopDate: START / 1000 + 1 });
    expect(await h.describe(executionArn)).toMatchObject({ status: 'ABORTED', error: 'Why', cause: 'because' });
    expect((await h.history(executionArn)).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'ExecutionAborted',
    ]);
  });

  it('stopping while a function runs leaves its late answer without effect', async () => {
    let answer = (_: unknown) => {};
    const h = harness({
      f: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const executionArn = await h.start(h.create(last(invoke('f'))));
    await vi.waitFor(() => expect(h.calls).toHaveLength(1));
    await h.api('StopExecution', { executionArn });
    answer(1);
    await h.clock.idle();
    expect((await h.history(executionArn)).at(-1)?.type).toBe('ExecutionAborted');
  });

  it('TimeoutSeconds of the machine ends it as TIMED_OUT, and no Catch takes it', async () => {
    const h = harness();
    const machine = states({
      A: asking({ Next: 'B', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] }),
      B: { Type: 'Succeed' },
    });
    const ended = await h.run({ ...machine, TimeoutSeconds: 60 });
    expect(ended).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect((await h.history(ended.executionArn)).at(-1)?.type).toBe('ExecutionTimedOut');
    expect(h.clock.now() - START).toBe(MINUTE);
  });
});

describe('history', () => {
  const shape = async (definition: object, functions: Record<string, Fake>, input: unknown = {}) => {
    const h = harness(functions);
    const { executionArn } = await h.run(definition, input);
    const events = await h.history(executionArn);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    return { h, executionArn, events, shape: events.map(({ previousEventId, type }) => `${previousEventId} ${type}`) };
  };

  it('of a task that is retried, with details and times', async () => {
    const f: Fake = (_, call) => (call === 1 ? Promise.reject(named('Busy')) : 42);
    const task = invoke('f', 1, {
      Retry: [{ ErrorEquals: ['Busy'] }],
      Assign: { n: '{% $states.result.Payload %}' },
      Output: '{% $states.result.Payload %}',
    });
    const { events, shape: types } = await shape(last(task), { f }, 'in');
    expect(types).toEqual([
      ...['0 ExecutionStarted', '1 TaskStateEntered', '2 TaskScheduled', '3 TaskStarted', '4 TaskFailed'],
      ...['5 TaskScheduled', '6 TaskStarted', '7 TaskSucceeded', '8 TaskStateExited', '9 ExecutionSucceeded'],
    ]);
    const about = { resource: 'invoke', resourceType: 'lambda' };
    expect(
      events.map(({ id: _i, previousEventId: _p, type: _t, timestamp, ...details }) => ({
        at: timestamp - START / 1000,
        ...details,
      })),
    ).toMatchObject([
      { at: 0, executionStartedEventDetails: { input: '"in"' } },
      { at: 0, stateEnteredEventDetails: { name: 'Only', input: '"in"' } },
      { at: 0, taskScheduledEventDetails: { ...about, region: 'us-east-1' } },
      { at: 0, taskStartedEventDetails: about },
      { at: 0, taskFailedEventDetails: { ...about, error: 'Busy' } },
      { at: 1 },
      { at: 1 },
      {
        at: 1,
        taskSucceededEventDetails: { ...about, output: '{"ExecutedVersion":"$LATEST","Payload":42,"StatusCode":200}' },
      },
      { at: 1, stateExitedEventDetails: { name: 'Only', output: '42', assignedVariables: { n: '42' } } },
      { at: 1, executionSucceededEventDetails: { output: '42' } },
    ]);
  });

  it('of waits, choices and failures', async () => {
    const machine = states({
      Wait: { Type: 'Wait', Seconds: 5, Next: 'Choose' },
      Choose: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'Fail' }] },
      Fail: { Type: 'Fail', Error: 'Mine', Cause: 'c' },
    });
    const { events, shape: types } = await shape(machine, {});
    expect(types).toEqual([
      ...[
        '0 ExecutionStarted',
        '1 WaitStateEntered',
        '2 WaitStateExited',
        '3 ChoiceStateEntered',
        '4 ChoiceStateExited',
      ],
      ...['5 FailStateEntered', '6 ExecutionFailed'],
    ]);
    expect(events.at(-1)).toMatchObject({
      timestamp: START / 1000 + 5,
      executionFailedEventDetails: { error: 'Mine', cause: 'c' },
    });
  });

  it('of a Map and a Parallel', async () => {
    const map = {
      Type: 'Map',
      ItemProcessor: states({ P: { Type: 'Pass', End: true } }),
      MaxConcurrency: 1,
      Next: 'Both',
    };
    const both = { Type: 'Parallel', Branches: [states({ Q: { Type: 'Succeed' } })], End: true };
    const { events, shape: types } = await shape(states({ Each: map, Both: both }), {}, [1, 2]);
    expect(types).toEqual([
      ...['0 ExecutionStarted', '1 MapStateEntered', '2 MapStateStarted'],
      ...['3 MapIterationStarted', '4 PassStateEntered', '5 PassStateExited', '6 MapIterationSucceeded'],
      ...['3 MapIterationStarted', '8 PassStateEntered', '9 PassStateExited', '10 MapIterationSucceeded'],
      ...['3 MapStateSucceeded', '12 MapStateExited', '13 ParallelStateEntered', '14 ParallelStateStarted'],
      ...[
        '15 SucceedStateEntered',
        '16 SucceedStateExited',
        '15 ParallelStateSucceeded',
        '18 ParallelStateExited',
        '19 ExecutionSucceeded',
      ],
    ]);
    expect(events[2]).toMatchObject({ mapStateStartedEventDetails: { length: 2 } });
    expect(events[7]).toMatchObject({ mapIterationStartedEventDetails: { name: 'Each', index: 1 } });
  });

  it('backwards and in pages', async () => {
    const { h, executionArn } = await shape(
      states({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', End: true } }),
      {},
    );
    type Page = { events: { id: number }[]; nextToken?: string };
    const page = await h.api<Page>('GetExecutionHistory', { executionArn, reverseOrder: true, maxResults: 4 });
    expect(page.events.map(({ id }) => id)).toEqual([6, 5, 4, 3]);
    const rest = await h.api<Page>('GetExecutionHistory', {
      executionArn,
      reverseOrder: true,
      maxResults: 4,
      nextToken: page.nextToken,
    });
    expect([rest.events.map(({ id }) => id), rest.nextToken]).toEqual([[2, 1], undefined]);
  });

  it('ends the execution at 25,000 events', async () => {
    const h = harness();
    const loop = { Type: 'Choice', Choices: [{ Condition: '{% $states.input.go %}', Next: 'A' }], Default: 'C' };
    const ended = await h.run(states({ A: { Type: 'Pass', Next: 'B' }, B: loop, C: { Type: 'Succeed' } }), {
      go: true,
    });
    expect(ended).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: 'The history reached its maximum of 25000 events.',
    });
    const { events: newest } = await h.api<{ events: object[] }>('GetExecutionHistory', {
      executionArn: ended.executionArn,
      reverseOrder: true,
      maxResults: 1,
    });
    expect(newest).toMatchObject([{ id: 25_000, type: 'ExecutionFailed' }]);
  });
});

describe('task tokens', () => {
  const asked = async (rest: object = {}) => {
    const h = harness({ ask: () => 'asked' });
    const machine = states({
      Ask: asking({ Next: 'Done', Output: '{% $states.result %}', ...rest }),
      Done: { Type: 'Succeed' },
    });
    const executionArn = await h.start(h.create(machine));
    await h.clock.idle();
    return { h, executionArn, taskToken: h.calls.at(-1)?.event as string };
  };

  it('the answer is the result, and a second one comes too late', async () => {
    const { h, executionArn, taskToken } = await asked();
    await h.clock.advance(3 * 86_400_000);
    await h.api('SendTaskSuccess', { taskToken, output: '{"outcome":"approved"}' });
    await h.clock.idle();
    expect(await h.describe(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"outcome":"approved"}' });
    expect((await h.history(executionArn)).map(({ type }) => type).slice(1, 6)).toEqual([
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
    ]);
    for (const action of ['SendTaskSuccess', 'SendTaskFailure']) {
      expect(await code(h.api(action, { taskToken, output: '1' }))).toBe('TaskTimedOut');
    }
  });

  it('a failure is an error of that name', async () => {
    const { h, executionArn, taskToken } = await asked({ Catch: [{ ErrorEquals: ['Refused'], Next: 'Done' }] });
    await h.api('SendTaskFailure', { taskToken, error: 'Refused', cause: 'no' });
    await h.clock.idle();
    expect(await h.describe(executionArn)).toMatchObject({ output: '{"Error":"Refused","Cause":"no"}' });
  });

  it('expires with TimeoutSeconds, after which an answer comes too late', async () => {
    const { h, executionArn, taskToken } = await asked({
      TimeoutSeconds: '{% 7 * 86400 %}',
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Done' }],
    });
    await h.clock.advance(7 * 86_400_000 - 1);
    expect(await h.describe(executionArn)).toMatchObject({ status: 'RUNNING' });
    await h.clock.advance(1);
    expect(await h.describe(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"Error":"States.Timeout","Cause":""}',
    });
    expect(await code(h.api('SendTaskSuccess', { taskToken, output: '1' }))).toBe('TaskTimedOut');
    expect((await h.history(executionArn)).map(({ type }) => type)).toContain('TaskTimedOut');
  });

  it('an answer during the call counts', async () => {
    const h = harness({ ask: async (taskToken) => void (await h.api('SendTaskSuccess', { taskToken, output: '7' })) });
    expect(await h.run(last(asking()))).toMatchObject({ output: 7 });
  });

  it('a failing call fails the task; the retry has a new token', async () => {
    const h = harness({ ask: (_, call) => (call === 1 ? Promise.reject(named('Down')) : 'asked') });
    const executionArn = await h.start(h.create(last(asking({ Retry: [{ ErrorEquals: ['Down'] }] }))));
    await h.clock.advance(1000);
    const [first, second] = h.calls.map(({ event }) => event);
    expect(await code(h.api('SendTaskSuccess', { taskToken: first, output: '1' }))).toBe('TaskTimedOut');
    await h.api('SendTaskSuccess', { taskToken: second, output: '2' });
    await h.clock.idle();
    expect(await h.describe(executionArn)).toMatchObject({ output: '2' });
  });

  it('unknown tokens, outputs that are not JSON, and tokens of a stopped execution', async () => {
    const { h, executionArn, taskToken } = await asked();
    expect(await code(h.api('SendTaskSuccess', { taskToken: 'nobody', output: '1' }))).toBe('TaskDoesNotExist');
    expect(await code(h.api('SendTaskSuccess', { taskToken, output: '{' }))).toBe('InvalidOutput');
    await h.api('StopExecution', { executionArn });
    expect(await code(h.api('SendTaskSuccess', { taskToken, output: '1' }))).toBe('TaskTimedOut');
  });
});

describe('Express', () => {
  it('StartSyncExecution gives the end, and the meter counts a start and rounded GB-hours', async () => {
    const h = harness();
    const machine = h.create(last({ Type: 'Wait', Seconds: 2 }), 'EXPRESS');
    const answer = h.api('StartSyncExecution', { stateMachineArn: machine, input: '{"a":1}' });
    await h.clock.advance(2000);
    expect(await answer).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"a":1}',
      billingDetails: { billedDurationInMilliseconds: 2000, billedMemoryUsedInMB: 64 },
    });
    const { 'states-express-gb-hour': hours, ...rest } = h.meter.snapshot();
    expect(hours?.StartExecution?.units).toBeCloseTo(((64 / 1024) * 2) / 3600, 12);
    expect(rest).toEqual({ 'states-express-start': { StartExecution: { units: 1, calls: 1 } } });
  });

  it('lasts five minutes at most', async () => {
    const h = harness();
    const answer = h.api('StartSyncExecution', { stateMachineArn: h.create(waiting(), 'EXPRESS') });
    await h.clock.advance(5 * MINUTE);
    expect(await answer).toMatchObject({ status: 'TIMED_OUT' });
  });

  it('is refused where AWS refuses it', async () => {
    const h = harness();
    expect(await code(h.api('StartSyncExecution', { stateMachineArn: h.create(pass) }))).toBe(
      'StateMachineTypeNotSupported',
    );
  });
});

describe('after the process was killed', () => {
  /** Runs a machine until nothing moves, leaves that process for dead, and starts another on its store. */
  const restarted = async (
    definition: object,
    before: Record<string, Fake>,
    after: Record<string, Fake>,
    input: unknown,
    lostMs: number,
    moveMs = 0,
  ) => {
    const store = new DatabaseSync(':memory:');
    const old = harness(before, store);
    const executionArn = await old.start(old.create(definition), input);
    // A function that never answers keeps the clock, so wait for it in real time.
    if (Object.values(before).includes(never))
      await vi.waitFor(() => expect(old.calls.length).toBeGreaterThanOrEqual(moveMs || 1));
    else await old.clock.advance(moveMs);
    old.service.stop?.();
    const h = harness(after, store, START + lostMs);
    h.create(definition);
    await h.service.start?.();
    const end = async () => {
      await h.clock.advanceUntil(async () => (await h.describe(executionArn)).status !== 'RUNNING', 30 * 86_400_000);
      const { output = 'null', ...rest } = await h.describe(executionArn);
      return { ...rest, output: JSON.parse(output) };
    };
    return { h, old, store, executionArn, end };
  };

  it('a Wait keeps its deadline, variables and input', async () => {
    const machine = states({
      A: { Type: 'Pass', Assign: { x: 5 }, Next: 'B' },
      B: { Type: 'Wait', Seconds: 600, Next: 'C' },
      C: { Type: 'Pass', Output: '{% [$x, $states.input] %}', End: true },
    });
    const { h, end, executionArn } = await restarted(machine, {}, {}, 'in', 4 * MINUTE);
    expect(await end()).toMatchObject({ status: 'SUCCEEDED', output: [5, 'in'] });
    expect(h.clock.now()).toBe(START + 10 * MINUTE);
    expect((await h.history(executionArn)).filter(({ type }) => type === 'WaitStateEntered')).toHaveLength(1);
  });

  it('a Wait that fell due meanwhile ends at once', async () => {
    const { h, end } = await restarted(waiting(600), {}, {}, 1, 60 * MINUTE);
    expect(await end()).toMatchObject({ status: 'SUCCEEDED' });
    expect(h.clock.now()).toBe(START + 60 * MINUTE);
  });

  it('a task in flight runs again, and is counted and shown once', async () => {
    const { h, end, executionArn } = await restarted(last(invoke('f')), { f: never }, { f: () => 'again' }, {}, MINUTE);
    expect(await end()).toMatchObject({ output: { Payload: 'again' } });
    expect((await h.history(executionArn)).map(({ type }) => type)).toEqual([
      ...[
        'ExecutionStarted',
        'TaskStateEntered',
        'TaskScheduled',
        'TaskStarted',
        'TaskSucceeded',
        'TaskStateExited',
        'ExecutionSucceeded',
      ],
    ]);
    expect(h.meter.snapshot()).toEqual({});
  });

  it('a pause before a retry keeps its end and the attempts made', async () => {
    const failing: Fake = () => Promise.reject(named('Busy'));
    const machine = last(invoke('f', 0, { Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 60, MaxAttempts: 3 }] }));
    const { h, end, old } = await restarted(machine, { f: failing }, { f: failing }, {}, 100_000, 90_000);
    expect(old.calls.map(({ atMs }) => atMs - START)).toEqual([0, 60_000]);
    expect(await end()).toMatchObject({ status: 'FAILED', error: 'Busy' });
    expect(h.calls.map(({ atMs }) => atMs - START)).toEqual([180_000, 420_000]);
  });

  it('a token stays valid and is not asked for again', async () => {
    const { h, end, old } = await restarted(last(asking()), { ask: () => 1 }, { ask: () => 1 }, {}, MINUTE);
    await h.clock.advance(MINUTE);
    await h.api('SendTaskSuccess', { taskToken: old.calls[0]?.event, output: '"yes"' });
    expect(await end()).toMatchObject({ output: 'yes' });
    expect(h.calls).toEqual([]);
  });

  it('a call that was to hand out the token is made again with the same token', async () => {
    const { h, end, old } = await restarted(last(asking()), { ask: never }, { ask: () => 1 }, {}, MINUTE);
    await h.clock.idle();
    expect(h.calls.map(({ event }) => event)).toEqual(old.calls.map(({ event }) => event));
    await h.api('SendTaskSuccess', { taskToken: h.calls[0]?.event, output: '"yes"' });
    expect(await end()).toMatchObject({ output: 'yes' });
  });

  it('a token keeps its time-out', async () => {
    const { h, end } = await restarted(last(asking({ TimeoutSeconds: 600 })), { ask: () => 1 }, {}, {}, 4 * MINUTE);
    expect(await end()).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(h.clock.now()).toBe(START + 10 * MINUTE);
  });

  it('an answer that came just before the kill counts', async () => {
    const store = new DatabaseSync(':memory:');
    const old = harness({ ask: () => 1 }, store);
    const executionArn = await old.start(old.create(last(asking())));
    await old.clock.idle();
    old.service.stop?.();
    await old.api('SendTaskSuccess', { taskToken: old.calls[0]?.event, output: '"yes"' });
    const h = harness({}, store);
    await h.service.start?.();
    await h.clock.idle();
    expect(await h.describe(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '"yes"' });
  });

  it('a Map goes on with the iterations that are left, and with the same items', async () => {
    const steps = states({
      First: invoke('f', undefined, { Output: '{% $states.result.Payload %}', Next: 'Second' }),
      Second: invoke('g', undefined, { Output: '{% $states.result.Payload %}', End: true }),
    });
    const machine = last({
      Type: 'Map',
      Items: '{% [1..4].$uuid() %}',
      MaxConcurrency: 1,
      ItemProcessor: steps,
      Output: '{% $states.result %}',
    });
    const g: Fake = (event, call) => (call === 2 ? new Promise(() => {}) : event);
    const store = new DatabaseSync(':memory:');
    const old = harness({ f: (event) => event, g }, store);
    const executionArn = await old.start(old.create(machine));
    await vi.waitFor(() => expect(old.calls).toHaveLength(4)); // f g f g: the second iteration is in its second state
    old.service.stop?.();
    const h = harness({ f: (event) => event, g: (event) => event }, store);
    await h.service.start?.();
    await h.clock.idle();
    const { output = '' } = await h.describe(executionArn);
    const items = JSON.parse(output) as string[];
    expect(items).toHaveLength(4);
    expect(old.calls.map(({ name, event }) => [name, event])).toEqual([
      ['f', items[0]],
      ['g', items[0]],
      ['f', items[1]],
      ['g', items[1]],
    ]);
    expect(h.calls.map(({ name, event }) => [name, event])).toEqual([
      ['g', items[1]],
      ['f', items[2]],
      ['g', items[2]],
      ['f', items[3]],
      ['g', items[3]],
    ]);
    const types = (await h.history(executionArn)).map(({ type }) => type);
    expect(types.filter((type) => type === 'MapIterationStarted')).toHaveLength(4);
    expect(types.filter((type) => type === 'MapIterationSucceeded')).toHaveLength(4);
  });

  it('branches of a Parallel keep their places', async () => {
    const branch = (name: string, seconds: number) =>
      states({ [name]: { Type: 'Wait', Seconds: seconds, Output: { at: '{% $millis() %}' }, End: true } });
    const machine = last({ Type: 'Parallel', Branches: [branch('A', 60), branch('B', 600)] });
    const { end } = await restarted(machine, {}, {}, {}, 5 * MINUTE, 2 * MINUTE);
    expect(await end()).toMatchObject({ output: [{ at: START + MINUTE }, { at: START + 10 * MINUTE }] });
  });

  it('the time-out of the machine counts from its start', async () => {
    const { h, end } = await restarted({ ...waiting(), TimeoutSeconds: 300 }, {}, {}, {}, 4 * MINUTE);
    expect(await end()).toMatchObject({ status: 'TIMED_OUT' });
    expect(h.clock.now()).toBe(START + 5 * MINUTE);
  });

  it('runs on with the definition it started with', async () => {
    const store = new DatabaseSync(':memory:');
    const old = harness({}, store);
    const executionArn = await old.start(old.create(last({ Type: 'Wait', Seconds: 60, Output: { version: 1 } })));
    await old.clock.idle();
    old.service.stop?.();
    const h = harness({}, store);
    h.create(last({ Type: 'Wait', Seconds: 60, Output: { version: 2 } }));
    await h.service.start?.();
    await h.clock.advance(MINUTE);
    expect(await h.describe(executionArn)).toMatchObject({ output: '{"version":1}' });
  });

  it('kill -9 of a real process loses neither a wait nor a token', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'herald-states-')), 'state.db');
    const child = spawn(process.execPath, [join(import.meta.dirname, 'states-process.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const printed = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk) => resolve(String(chunk))),
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { executionArn, taskToken, dueMs } = JSON.parse(printed) as {
      executionArn: string;
      taskToken: string;
      dueMs: number;
    };
    const h = harness({}, new DatabaseSync(file), Date.now());
    await h.service.start?.();
    await h.api('SendTaskSuccess', { taskToken, output: '"yes"' });
    await h.clock.advanceUntil(async () => (await h.describe(executionArn)).status !== 'RUNNING', 86_400_000);
    expect(await h.describe(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '["yes",null]' });
    expect(Math.abs(h.clock.now() - dueMs)).toBeLessThan(1000);
    rmSync(dirname(file), { recursive: true });
  });

  it('leaves nothing behind but the executions and their history', async () => {
    const store = new DatabaseSync(':memory:');
    const h = harness({ f: () => 1 }, store);
    await h.run(last({ Type: 'Map', ItemProcessor: states({ Call: invoke('f', 0, { End: true }) }) }), [1, 2, 3]);
    expect(store.prepare("SELECT count(*) AS n FROM states WHERE key LIKE 'scope %'").get()).toEqual({ n: 0 });
  });
});

it('the AWS SDK understands the answers', async () => {
  const h = harness({ f: () => 1 });
  const handle = async (request: { headers: Record<string, string>; body: Uint8Array }) => {
    const action = request.headers['x-amz-target']?.split('.')[1] ?? '';
    const response = await h.service.handle({
      action,
      body: async () => Buffer.concat([request.body]),
    } as unknown as ServiceRequest);
    const body = Readable.from([Buffer.from(JSON.stringify(response.body))]);
    return { response: { statusCode: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body } };
  };
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SFNClient({
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:1',
    credentials,
    requestHandler: { handle } as never,
  });
  const started = await client.send(
    new StartExecutionCommand({ stateMachineArn: h.create(last(invoke('f'))), input: '{}' }),
  );
  expect(started.startDate).toEqual(new Date(START));
  await h.clock.idle();
  const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn: started.executionArn }));
  expect(events?.at(-1)).toMatchObject({ type: 'ExecutionSucceeded', timestamp: new Date(START), id: 7 });
  const stateMachineArn = h.create(pass, 'EXPRESS', 'Quick');
  const sync = await client.send(new StartSyncExecutionCommand({ stateMachineArn, input: '{"a":1}' }));
  expect(sync).toMatchObject({ status: 'SUCCEEDED', output: '{"a":1}', stopDate: new Date(START) });
});
