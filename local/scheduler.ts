import { randomUUID } from 'node:crypto';
import { Cron } from 'croner';
import { records } from './store.ts';
import { AwsError, type Context, type Service } from './types.ts';

type Target = {
  Arn: string;
  Input?: string;
  DeadLetterConfig?: { Arn: string };
};
/** RetryPolicy is taken and never needed: nothing between these services fails for a while only. */
const TARGET = /^(Arn|RoleArn|Input|RetryPolicy|DeadLetterConfig)$/;
/** The first time after `afterMs`, or undefined when there is none. */
type Next = (afterMs: number) => number | undefined;
type Schedule = { name: string; arn: string; next: Next; target: Target };
/** A schedule that was made at run time, for one moment; `id` is its group and name. */
type OneOff = { id: string; group: string; dueMs: number; target: Target };
/** What CreateSchedule takes here, for a schedule that fires once and goes. */
type CreateInput = {
  GroupName: string;
  ScheduleExpression: string;
  ScheduleExpressionTimezone?: string;
  FlexibleTimeWindow: { Mode: string };
  ActionAfterCompletion: string;
  Target: Target;
  ClientToken?: string;
};
const CREATE_INPUT = [
  ...['GroupName', 'ScheduleExpression', 'ScheduleExpressionTimezone', 'FlexibleTimeWindow', 'ActionAfterCompletion'],
  ...['Target', 'ClientToken', 'Description'],
];

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Schedules with a rate run at most so often: weeks of virtual time are thousands of runs otherwise. @default as they say */
export type SchedulerOptions = { ratesAtMostEveryMs?: number };

/**
 * EventBridge Scheduler. Only the next firing of each schedule is on the clock. What fell due while the process was down is
 * not made up for, except of the schedules that were made at run time: they are kept until their target has taken them.
 */
export const scheduler = (ctx: Context, { ratesAtMostEveryMs = 0 }: SchedulerOptions = {}): Service => {
  const { clock, meter, services, account, region } = ctx;
  const kept = records<OneOff>(ctx.store, 'schedules');
  const schedules: Schedule[] = [];
  const groups = new Set<string>();
  const oneOffs = new Map<string, () => void>();
  const armed = new Map<Schedule, () => void>();

  function arm(schedule: Schedule, afterMs: number) {
    const dueMs = schedule.next(afterMs);
    if (dueMs === undefined) return;
    const fire = () => {
      arm(schedule, dueMs);
      void deliver(schedule, dueMs);
    };
    armed.set(schedule, clock.at(dueMs, fire));
  }

  async function deliver({ name, arn, target }: Omit<Schedule, 'next'>, dueMs: number): Promise<void> {
    const about = { id: randomUUID(), time: `${new Date(dueMs).toISOString().slice(0, 19)}Z`, account, region };
    const notice = { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.scheduler', ...about };
    const payload: unknown = target.Input ? JSON.parse(target.Input) : { ...notice, resources: [arn], detail: '{}' };
    const leave = clock.enter();
    try {
      meter.count('scheduler-invocation', 1, name);
      await services.deliver(target.Arn, payload);
    } catch (error) {
      console.error({ message: 'A schedule could not reach its target', schedule: name, error: String(error) });
      if (target.DeadLetterConfig) {
        const { name: ERROR_CODE, message: ERROR_MESSAGE } = error as Error;
        const attributes = { SCHEDULE_ARN: arn, TARGET_ARN: target.Arn, ERROR_CODE, ERROR_MESSAGE };
        services.sqs.send(target.DeadLetterConfig.Arn, JSON.stringify(payload), { attributes });
      }
    } finally {
      leave();
    }
  }

  const arnOf = (id: string) => `arn:aws:scheduler:${region}:${account}:schedule/${id}`;

  const armOneOff = (oneOff: OneOff) => {
    const { id, group, dueMs, target } = oneOff;
    const fire = async () => {
      await deliver({ name: group, arn: arnOf(id), target }, dueMs);
      kept.remove(id);
      oneOffs.delete(id);
    };
    oneOffs.set(
      id,
      clock.at(dueMs, () => void fire()),
    );
  };

  /** As AWS does: 404 for a group that is not there, 409 for a name that is taken. */
  const createOneOff = (name: string, input: CreateInput): string => {
    const {
      GroupName: group,
      ScheduleExpression: expression,
      ScheduleExpressionTimezone: zone = 'UTC',
      Target,
    } = input;
    const odd = [
      Object.keys(input).find((key) => !CREATE_INPUT.includes(key)),
      Target?.Arn === undefined ? 'a schedule without a target' : oddTarget(Target),
      input.FlexibleTimeWindow?.Mode !== 'OFF' && 'a flexible window',
      input.ActionAfterCompletion !== 'DELETE' && 'a schedule that stays after it has fired',
      !expression?.startsWith('at(') && `at run time, the schedule ${expression}`,
    ].find((one) => one);
    if (odd) throw new AwsError('ValidationException', `${odd} is not supported locally`);
    if (!/^[0-9a-zA-Z-_.]{1,64}$/.test(name)) throw new AwsError('ValidationException', `${name} is no name`);
    if (!groups.has(group))
      throw new AwsError('ResourceNotFoundException', `Schedule group ${group} does not exist.`, 404);
    const id = `${group}/${name}`;
    if (oneOffs.has(id)) throw new AwsError('ConflictException', `Schedule ${name} already exists.`, 409);
    const dueMs = whenOnce(expression, zone, clock.now());
    const oneOff = { id, group, dueMs, target: Target };
    kept.put(oneOff);
    armOneOff(oneOff);
    return arnOf(id);
  };

  return {
    signingName: 'scheduler',
    async handle({ method, path, body }) {
      const [, name] = /^\/schedules\/([^/]+)$/.exec(path) ?? [];
      if (method !== 'POST' || name === undefined)
        throw new AwsError('UnknownOperationException', `${method} ${path} is not supported locally`, 404);
      const ScheduleArn = createOneOff(name, JSON.parse((await body()).toString()) as CreateInput);
      return { body: { ScheduleArn } };
    },
    resources: {
      'AWS::Scheduler::ScheduleGroup': {
        supported: ['Name'],
        ignored: ['Tags'],
        create({ logicalId, stack, properties }) {
          const name = String(properties.Name ?? `${stack}-${logicalId}`);
          groups.add(name);
          return { ref: name, attributes: { Arn: `arn:aws:scheduler:${region}:${account}:schedule-group/${name}` } };
        },
      },
      'AWS::Scheduler::Schedule': {
        supported: ['Name', 'ScheduleExpression', 'ScheduleExpressionTimezone', 'FlexibleTimeWindow', 'Target'],
        ignored: ['Description', 'KmsKeyArn'],
        create({ logicalId, stack, properties }) {
          const name = String(properties.Name ?? `${stack}-${logicalId}`);
          const arn = `arn:aws:scheduler:${region}:${account}:schedule/default/${name}`;
          const target = properties.Target as Target;
          const { Mode } = properties.FlexibleTimeWindow as { Mode: string };
          const odd = oddTarget(target) ?? (Mode !== 'OFF' && 'a flexible window');
          if (odd) throw new Error(`Schedule ${logicalId} of ${stack}: ${odd} is not supported locally`);
          const zone = String(properties.ScheduleExpressionTimezone ?? 'UTC');
          const next = parseSchedule(String(properties.ScheduleExpression), zone, clock.now(), ratesAtMostEveryMs);
          schedules.push({ name, arn, next, target });
          return { ref: name, attributes: { Arn: arn } };
        },
      },
    },
    start() {
      for (const schedule of schedules) arm(schedule, clock.now());
      for (const oneOff of kept.left) armOneOff(oneOff);
    },
    stop() {
      for (const cancel of [...armed.values(), ...oneOffs.values()]) cancel();
    },
  };
};

const oddTarget = (target: object): string | undefined => Object.keys(target).find((key) => !TARGET.test(key));

/** Epoch ms at which a schedule of the form at(…) fires. */
const whenOnce = (expression: string, zone: string, nowMs: number): number => {
  try {
    const dueMs = parseSchedule(expression, zone, nowMs)(nowMs);
    if (dueMs !== undefined) return dueMs;
  } catch {}
  throw new AwsError('ValidationException', `${expression} is no time to come`);
};

/**
 * Reads rate(5 minutes), cron(0 9 ? * MON-FRI *) and at(2026-12-01T09:00:00); rate() counts from `createdMs`.
 * Throws for what is not understood.
 */
export function parseSchedule(expression: string, timezone: string, createdMs: number, atMostEveryMs = 0): Next {
  const [, kind, inside = ''] = /^(rate|cron|at)\((.+)\)$/.exec(expression) ?? [];
  if (kind === 'rate') {
    const [, count, unit] = /^(\d+) (minute|hour|day)s?$/.exec(inside) ?? [];
    const statedMs = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
    const everyMs = statedMs * Math.max(1, Math.ceil(atMostEveryMs / statedMs));
    if (everyMs > 0) return (afterMs) => createdMs + (Math.floor((afterMs - createdMs) / everyMs) + 1) * everyMs;
  }
  const [, , day, , weekday] = inside.split(' ');
  if (kind === 'at' || (kind === 'cron' && (day === '?') !== (weekday === '?'))) {
    // AWS has no seconds, and Sunday is 1 as in Quartz.
    const dialect = { mode: '7-part', sloppyRanges: true, alternativeWeekdays: true } as const;
    const cron = new Cron(kind === 'at' ? inside : `0 ${inside}`, { timezone, paused: true, ...dialect });
    return (afterMs) => cron.nextRun(new Date(afterMs))?.getTime();
  }
  throw new Error(`ScheduleExpression ${expression} is not valid`);
}
