import type { schedulesEnv } from './schedules.env.ts';
import { customEndpoint, region, signedClient } from './signed-client.ts';

/** EventBridge Scheduler, of which Herald needs one call at run time. */
const client = signedClient('scheduler');

type Settings = { [Name in keyof typeof schedulesEnv]: string };

/** Minutes that are remembered, and then all forgotten: what is asked for again is answered `exists`. */
const MAX_KNOWN = 5_000;

/**
 * Makes sure that the function is invoked at a minute (epoch ms, in the future) with `{ minuteMs }`: one schedule for each
 * minute, however many ask for it, which goes when it has fired. Safe to repeat; costs a request only the first time.
 */
export const wakeSchedules = (settings: Settings) => {
  const known = new Map<number, Promise<void>>();

  const create = async (minuteMs: number): Promise<void> => {
    const minute = new Date(minuteMs).toISOString().slice(0, 19);
    const name = `wake-${minute.replaceAll(':', '')}`;
    const response = await client.fetch(
      `${customEndpoint ?? `https://scheduler.${region}.amazonaws.com`}/schedules/${name}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          GroupName: settings.SCHEDULE_GROUP,
          ScheduleExpression: `at(${minute})`,
          FlexibleTimeWindow: { Mode: 'OFF' },
          ActionAfterCompletion: 'DELETE',
          Target: {
            Arn: settings.WAKE_FUNCTION_ARN,
            RoleArn: settings.WAKE_ROLE_ARN,
            Input: JSON.stringify({ minuteMs }),
            DeadLetterConfig: { Arn: settings.WAKE_DEAD_LETTERS_ARN },
          },
        }),
      },
    );
    const answer = await response.text();
    // 409: somebody else was first.
    if (!response.ok && response.status !== 409) throw new Error(`Scheduler, ${name}: ${response.status} ${answer}`);
  };

  return (minuteMs: number): Promise<void> => {
    const begun = known.get(minuteMs);
    if (begun) return begun;
    if (known.size === MAX_KNOWN) known.clear();
    const made = create(minuteMs);
    known.set(minuteMs, made);
    made.catch(() => known.delete(minuteMs));
    return made;
  };
};
export type WakeAt = ReturnType<typeof wakeSchedules>;

const MINUTE_MS = 60_000;
/** A schedule for a moment that has passed when it is made would never fire. */
const AHEAD_MS = 10_000;

/** Has the function run once in the minute that follows, however many ask for it before that. */
export const wakeSoon = (wakeAt: WakeAt, nowMs: number): Promise<void> =>
  wakeAt(Math.ceil((nowMs + AHEAD_MS) / MINUTE_MS) * MINUTE_MS);
