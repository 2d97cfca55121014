import { randomUUID } from 'node:crypto';
import { Cron } from 'croner';
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

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * EventBridge Scheduler. Only the next firing of each schedule is on the clock. What fell due while the process was down is
 * not made up for.
 */
export const scheduler = (ctx: Context): Service => {
  const { clock, meter, services, account, region } = ctx;
  const schedules: Schedule[] = [];
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

  async function deliver({ name, arn, target }: Schedule, dueMs: number): Promise<void> {
    const about = { id: randomUUID(), time: `${new Date(dueMs).toISOString().slice(0, 19)}Z`, account, region };
    const notice = { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.scheduler', ...about };
    const payload: unknown = target.Input ? JSON.parse(target.Input) : { ...notice, resources: [arn], detail: '{}' };
    const leave = clock.enter();
    try {
      meter.count('scheduler-invocation', 1, name);
      await services.deliver(target.Arn, payload);
    } catch (error) {
      console.error({ message: 'A schedule could not reach its target', schedule: name, error: String(error) });
      if (target.DeadLetterConfig) services.sqs.send(target.DeadLetterConfig.Arn, JSON.stringify(payload));
    } finally {
      leave();
    }
  }

  return {
    signingName: 'scheduler',
    async handle({ method, path }) {
      throw new AwsError('UnknownOperationException', `${method} ${path} is not supported locally`, 404);
    },
    resources: {
      'AWS::Scheduler::Schedule': {
        supported: ['Name', 'ScheduleExpression', 'ScheduleExpressionTimezone', 'FlexibleTimeWindow', 'Target'],
        ignored: ['Description', 'KmsKeyArn'],
        create({ logicalId, stack, properties }) {
          const name = String(properties.Name ?? `${stack}-${logicalId}`);
          const arn = `arn:aws:scheduler:${region}:${account}:schedule/default/${name}`;
          const target = properties.Target as Target;
          const { Mode } = properties.FlexibleTimeWindow as { Mode: string };
          const odd = Object.keys(target).find((key) => !TARGET.test(key)) ?? (Mode !== 'OFF' && 'a flexible window');
          if (odd) throw new Error(`Schedule ${logicalId} of ${stack}: ${odd} is not supported locally`);
          const zone = String(properties.ScheduleExpressionTimezone ?? 'UTC');
          const next = parseSchedule(String(properties.ScheduleExpression), zone, clock.now());
          schedules.push({ name, arn, next, target });
          return { ref: name, attributes: { Arn: arn } };
        },
      },
    },
    start() {
      for (const schedule of schedules) arm(schedule, clock.now());
    },
    stop() {
      for (const cancel of armed.values()) cancel();
    },
  };
};

/**
 * Reads rate(5 minutes), cron(0 9 ? * MON-FRI *) and at(2026-12-01T09:00:00); rate() counts from `createdMs`.
 * Throws for what is not understood.
 */
export function parseSchedule(expression: string, timezone: string, createdMs: number): Next {
  const [, kind, inside = ''] = /^(rate|cron|at)\((.+)\)$/.exec(expression) ?? [];
  if (kind === 'rate') {
    const [, count, unit] = /^(\d+) (minute|hour|day)s?$/.exec(inside) ?? [];
    const everyMs = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
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
