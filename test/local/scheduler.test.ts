import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../local/clock.ts';
import { createMeter } from '../../local/meter.ts';
import { parseSchedule, scheduler } from '../../local/scheduler.ts';
import { AwsError, type Context, type ServiceRequest, type Services } from '../../local/types.ts';

const START = Date.parse('2026-11-22T12:00:00Z'); // a Sunday
const MINUTE = 60_000;
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:sweep';
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:Dead';

function harness({
  fails = () => false,
  store = new DatabaseSync(':memory:'),
  startMs = START,
}: {
  fails?: (count: number) => boolean;
  store?: DatabaseSync;
  startMs?: number;
} = {}) {
  const clock = virtualClock(startMs);
  const meter = createMeter();
  const delivered: { arn: string; payload: unknown; atMs: number }[] = [];
  const dead: unknown[][] = [];
  const services = {
    async deliver(arn: string, payload: unknown) {
      delivered.push({ arn, payload, atMs: clock.now() });
      if (fails(delivered.length)) throw new AwsError('ResourceNotFoundException', 'Function not found');
    },
    sqs: { send: (...args: unknown[]) => void dead.push(args) },
  } as unknown as Services;
  const ctx: Context = {
    ...{ clock, meter, store, services, dataDir: '', region: 'us-east-1', account: '000000000000' },
    endpoint: () => 'http://127.0.0.1:0',
  };
  const service = scheduler(ctx);
  const create = (expression: string, more: Record<string, unknown> = {}, target: object = {}) =>
    service.resources['AWS::Scheduler::Schedule']!.create({
      ...{ logicalId: 'Sweep', stack: 'Herald-local' },
      properties: {
        ...{ ScheduleExpression: expression, FlexibleTimeWindow: { Mode: 'OFF' }, ...more },
        Target: { Arn: FUNCTION, RoleArn: 'role', Input: '{}', ...target },
      },
    });
  const minutes = () => delivered.map(({ atMs }) => (atMs - START) / MINUTE);
  const request = (method: string, path: string, body: object) =>
    service.handle({ method, path, body: async () => Buffer.from(JSON.stringify(body)) } as unknown as ServiceRequest);
  return { clock, meter, service, create, delivered, dead, minutes, request };
}

describe('when a schedule falls due', () => {
  it.each<[string, string, string[]]>([
    ['rate(5 minutes)', 'UTC', ['2026-11-22T12:05:00', '2026-11-22T12:10:00']],
    ['rate(1 hour)', 'UTC', ['2026-11-22T13:00:00', '2026-11-22T14:00:00']],
    ['rate(2 days)', 'UTC', ['2026-11-24T12:00:00', '2026-11-26T12:00:00']],
    ['cron(0 9 ? * MON-FRI *)', 'UTC', ['2026-11-23T09:00:00', '2026-11-24T09:00:00']],
    ['cron(0/15 * * * ? *)', 'UTC', ['2026-11-22T12:15:00', '2026-11-22T12:30:00']],
    ['cron(30 8 ? * 1 *)', 'UTC', ['2026-11-29T08:30:00', '2026-12-06T08:30:00']],
    ['cron(0 0 ? * 2-3 *)', 'UTC', ['2026-11-23T00:00:00', '2026-11-24T00:00:00']],
    ['cron(0 9 ? * 6L *)', 'UTC', ['2026-11-27T09:00:00', '2026-12-25T09:00:00']],
    ['cron(0 9 ? * 6#3 *)', 'UTC', ['2026-12-18T09:00:00', '2027-01-15T09:00:00']],
    ['cron(0 9 15W * ? *)', 'UTC', ['2026-12-15T09:00:00', '2027-01-15T09:00:00']],
    ['cron(0 0 L * ? *)', 'UTC', ['2026-11-30T00:00:00', '2026-12-31T00:00:00']],
    ['cron(0 0 1 1 ? 2027-2028)', 'UTC', ['2027-01-01T00:00:00', '2028-01-01T00:00:00', 'never']],
    ['cron(0 9 1 4,10 ? *)', 'Europe/Berlin', ['2027-04-01T07:00:00', '2027-10-01T07:00:00']],
    ['cron(0 9 * * ? *)', 'America/New_York', ['2026-11-22T14:00:00', '2026-11-23T14:00:00']],
    ['at(2026-12-01T09:00:00)', 'America/New_York', ['2026-12-01T14:00:00', 'never']],
    ['at(2026-01-01T00:00:00)', 'UTC', ['never']],
  ])('%s in %s', (expression, zone, expected) => {
    const next = parseSchedule(expression, zone, START);
    let afterMs = START;
    for (const time of expected) {
      const dueMs = next(afterMs);
      expect(dueMs === undefined ? 'never' : new Date(dueMs).toISOString().slice(0, 19)).toBe(time);
      afterMs = dueMs ?? afterMs;
    }
  });

  it('may slow rates down, to whole multiples of what they say', () => {
    const minutesTo = (expression: string, atMostEveryMs: number) =>
      ((parseSchedule(expression, 'UTC', START, atMostEveryMs)(START) ?? 0) - START) / MINUTE;
    expect(minutesTo('rate(5 minutes)', 12 * MINUTE)).toBe(15);
    expect(minutesTo('rate(1 hour)', 12 * MINUTE)).toBe(60);
    expect(minutesTo('cron(0/15 * * * ? *)', 60 * MINUTE)).toBe(15);
  });

  it.each([
    ...['every day', 'rate(0 minutes)', 'rate(5 seconds)', 'at(tomorrow)', 'cron(0 9 * * *)', 'cron(0 9 * * * *)'],
    'cron(0 25 * * ? *)',
  ])('refuses %s', (expression) => expect(() => parseSchedule(expression, 'UTC', START)).toThrow());
});

describe('AWS::Scheduler::Schedule', () => {
  it('delivers its Input each time, counted by the meter', async () => {
    const h = harness();
    const arn = 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/Herald-local-Sweep';
    expect(h.create('rate(5 minutes)', {}, { Input: '{"a":1}' })).toEqual({
      ref: 'Herald-local-Sweep',
      attributes: { Arn: arn },
    });
    await h.service.start?.();
    await h.clock.advance(17 * MINUTE);
    expect(h.minutes()).toEqual([5, 10, 15]);
    expect(h.delivered[0]).toMatchObject({ arn: FUNCTION, payload: { a: 1 } });
    expect(h.meter.snapshot()['scheduler-invocation']).toEqual({ 'Herald-local-Sweep': { units: 3, calls: 3 } });
  });

  it('does nothing after stop', async () => {
    const h = harness();
    h.create('rate(5 minutes)');
    await h.service.start?.();
    await h.service.stop?.();
    await h.clock.advance(60 * MINUTE);
    expect(h.delivered).toEqual([]);
  });

  it('hands what fails to the dead-letter queue', async () => {
    const h = harness({ fails: () => true });
    h.create('at(2026-11-22T12:01:00)', {}, { DeadLetterConfig: { Arn: QUEUE } });
    await h.service.start?.();
    await h.clock.advance(60 * MINUTE);
    expect(h.minutes()).toEqual([1]);
    expect(h.dead).toEqual([
      [QUEUE, '{}', { attributes: expect.objectContaining({ SCHEDULE_ARN: expect.any(String) }) }],
    ]);
  });

  it('a failed delivery does not end a schedule', async () => {
    const h = harness({ fails: (count) => count === 1 });
    h.create('rate(5 minutes)');
    await h.service.start?.();
    await h.clock.advance(11 * MINUTE);
    expect(h.minutes()).toEqual([5, 10]);
  });

  it('without Input a target gets a Scheduled Event', async () => {
    const h = harness();
    h.create('rate(1 minute)', {}, { Input: undefined });
    await h.service.start?.();
    await h.clock.advance(MINUTE);
    expect(h.delivered[0]?.payload).toMatchObject({
      source: 'aws.scheduler',
      'detail-type': 'Scheduled Event',
      time: '2026-11-22T12:01:00Z',
    });
  });

  it.each<[string, Record<string, unknown>, object, RegExp]>([
    ['a flexible window', { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }, {}, /a flexible window is not supported/],
    ['other target parameters', {}, { EcsParameters: {} }, /Sweep of Herald-local: EcsParameters is not supported/],
    ['a wrong expression', { ScheduleExpression: 'daily' }, {}, /ScheduleExpression daily is not valid/],
  ])('refuses %s', (_, properties, target, message) => {
    expect(() => harness().create('rate(1 minute)', properties, target)).toThrow(message);
  });
});

describe('schedules made at run time', () => {
  const group = (h: ReturnType<typeof harness>) =>
    h.service.resources['AWS::Scheduler::ScheduleGroup']!.create({
      ...{ logicalId: 'Timers', stack: 'Herald-local', properties: {} },
    });
  const input = {
    ...{ GroupName: 'Herald-local-Timers', ScheduleExpression: 'at(2026-11-22T12:02:00)' },
    ...{ FlexibleTimeWindow: { Mode: 'OFF' }, ActionAfterCompletion: 'DELETE' },
    Target: { Arn: FUNCTION, RoleArn: 'role', Input: '{"minute":2}', DeadLetterConfig: { Arn: QUEUE } },
  };

  it('fire once and are gone, so that their name is free again', async () => {
    const h = harness();
    expect(group(h)).toEqual({
      ref: 'Herald-local-Timers',
      attributes: { Arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule-group/Herald-local-Timers' },
    });
    expect(await h.request('POST', '/schedules/wake-2', input)).toEqual({
      body: { ScheduleArn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/Herald-local-Timers/wake-2' },
    });
    await expect(h.request('POST', '/schedules/wake-2', input)).rejects.toMatchObject({
      ...{ code: 'ConflictException', status: 409 },
    });
    await h.clock.advance(60 * MINUTE);
    expect(h.minutes()).toEqual([2]);
    expect(h.delivered[0]).toMatchObject({ arn: FUNCTION, payload: { minute: 2 } });
    expect(h.meter.snapshot()['scheduler-invocation']).toEqual({ 'Herald-local-Timers': { units: 1, calls: 1 } });
    await h.request('POST', '/schedules/wake-2', { ...input, ScheduleExpression: 'at(2026-11-22T14:00:00)' });
  });

  it('hand what fails to the dead-letter queue', async () => {
    const h = harness({ fails: () => true });
    group(h);
    await h.request('POST', '/schedules/wake-2', input);
    await h.clock.advance(60 * MINUTE);
    expect(h.dead).toEqual([
      [QUEUE, '{"minute":2}', { attributes: expect.objectContaining({ SCHEDULE_ARN: expect.any(String) }) }],
    ]);
  });

  it('outlive the process: what fell due while it was down fires at the start, once', async () => {
    const store = new DatabaseSync(':memory:');
    const before = harness({ store });
    group(before);
    await before.request('POST', '/schedules/wake-2', input);
    await before.request('POST', '/schedules/wake-90', { ...input, ScheduleExpression: 'at(2026-11-22T13:30:00)' });
    await before.service.stop?.();
    await before.clock.advance(60 * MINUTE);
    expect(before.delivered).toEqual([]);

    const after = harness({ store, startMs: START + 60 * MINUTE });
    group(after);
    await after.service.start?.();
    await after.clock.idle();
    expect(after.minutes()).toEqual([60]);
    await after.clock.advance(60 * MINUTE);
    expect(after.minutes()).toEqual([60, 90]);
    const later = harness({ store, startMs: START + 180 * MINUTE });
    await later.service.start?.();
    await later.clock.idle();
    expect(later.delivered).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ['another group', { GroupName: 'Other' }, /Schedule group Other does not exist/],
    ['a time that is past', { ScheduleExpression: 'at(2026-11-22T12:00:00)' }, /is no time to come/],
    ['no time at all', { ScheduleExpression: 'at(noon)' }, /is no time to come/],
    ['a schedule that repeats', { ScheduleExpression: 'rate(1 minute)' }, /rate\(1 minute\) is not supported locally/],
    ['one that stays', { ActionAfterCompletion: 'NONE' }, /stays after it has fired is not supported/],
    ['a flexible window', { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }, /a flexible window is not supported/],
    ['no target', { Target: undefined }, /without a target is not supported/],
    ['other target parameters', { Target: { Arn: FUNCTION, EcsParameters: {} } }, /EcsParameters is not supported/],
    ['a start date', { StartDate: 1 }, /StartDate is not supported/],
  ])('refuses %s', async (_, change, message) => {
    const h = harness();
    group(h);
    await expect(h.request('POST', '/schedules/wake-2', { ...input, ...change })).rejects.toThrow(message);
    expect(h.delivered).toEqual([]);
  });

  it('refuses other calls', async () => {
    await expect(harness().request('GET', '/schedules/wake-2', {})).rejects.toThrow('is not supported locally');
    await expect(harness().request('POST', '/schedule-groups/x', {})).rejects.toThrow('is not supported locally');
  });
});
