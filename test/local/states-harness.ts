import { DatabaseSync } from 'node:sqlite';
import { virtualClock } from '../../local/clock.ts';
import { createMeter } from '../../local/meter.ts';
import { stepFunctions } from '../../local/step-functions.ts';
import type { Clock, Context, Service, ServiceRequest, Services } from '../../local/types.ts';

export const START = Date.parse('2026-11-22T12:00:00.000Z');
export type Fake = (event: unknown, call: number) => unknown;
export type Event = { id: number; previousEventId: number; timestamp: number; type: string } & Record<string, unknown>;
export type Described = {
  status: string;
  output?: string;
  error?: string;
  cause?: string;
  startDate: number;
  stopDate: number;
};

/** A thrown `named('Boom')` is a Lambda error of that type. */
export const named = (name: string, message = 'went wrong') => Object.assign(new Error(message), { name });

/**
 * Step Functions on a virtual clock, with functions that are plain code: `functions.<name>` answers
 * arn:aws:lambda:us-east-1:000000000000:function:<name>, holding the clock as the real Lambda service does. `time`
 * replaces the virtual clock.
 */
export function harness(
  functions: Record<string, Fake> = {},
  store = new DatabaseSync(':memory:'),
  startMs = START,
  time?: Clock,
) {
  const virtual = virtualClock(startMs);
  const clock = time ?? virtual;
  const meter = createMeter();
  const calls: { name: string; event: unknown; atMs: number }[] = [];
  const sent: unknown[][] = [];
  const services = {
    lambda: {
      async invoke(arn: string, event: unknown) {
        const name = arn.split(':')[6] as string;
        calls.push({ name, event, atMs: clock.now() });
        const leave = clock.enter();
        try {
          const count = calls.filter((call) => call.name === name).length;
          return { ok: true, value: await functions[name]?.(event, count) };
        } catch (error) {
          return { ok: false, errorType: (error as Error).name, errorMessage: (error as Error).message };
        } finally {
          leave();
        }
      },
    },
    sqs: { send: (...args: unknown[]) => void sent.push(args) },
  } as unknown as Services;
  const ctx: Context = {
    ...{ clock, meter, store, services, dataDir: '', region: 'us-east-1', account: '000000000000' },
    endpoint: () => 'http://127.0.0.1:0',
  };
  const service: Service = stepFunctions(ctx);
  const create = (definition: object, type = 'STANDARD', name = 'Machine') =>
    service.resources['AWS::StepFunctions::StateMachine']!.create({
      ...{ logicalId: name, stack: 'Herald-local' },
      properties: {
        ...{ StateMachineName: name, StateMachineType: type },
        DefinitionString: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }),
      },
    }).ref;
  const api = async <T = Record<string, unknown>>(action: string, body: object): Promise<T> => {
    const request = { action, body: async () => Buffer.from(JSON.stringify(body)) } as unknown as ServiceRequest;
    return (await service.handle(request)).body as T;
  };
  const start = async (machineArn: string, input: unknown = {}, name?: string): Promise<string> => {
    const body = { stateMachineArn: machineArn, input: JSON.stringify(input), ...(name !== undefined && { name }) };
    return (await api<{ executionArn: string }>('StartExecution', body)).executionArn;
  };
  const describe = (executionArn: string) => api<Described>('DescribeExecution', { executionArn });
  const history = async (executionArn: string) =>
    (await api<{ events: Event[] }>('GetExecutionHistory', { executionArn, maxResults: 1000 })).events;
  /** Starts, runs the clock until it ends, and gives the end with `output` parsed. */
  const run = async (definition: object, input: unknown = {}, name?: string) => {
    const executionArn = await start(create(definition), input, name);
    await virtual.advanceUntil(async () => (await describe(executionArn)).status !== 'RUNNING', 400 * 86_400_000);
    const { status, output, error, cause } = await describe(executionArn);
    return { executionArn, status, error, cause, output: output === undefined ? undefined : JSON.parse(output) };
  };
  return { clock: virtual, meter, ctx, service, create, api, start, describe, history, run, calls, sent, functions };
}

export const invoke = (name: string, payload: unknown = '{% $states.input %}', rest: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: `arn:aws:lambda:us-east-1:000000000000:function:${name}`, Payload: payload },
  ...rest,
});
/** A machine of one state that ends, or of several: the first is where it starts. */
export const states = (all: Record<string, object>) => ({ StartAt: Object.keys(all)[0], States: all });
export const last = (state: object) => states({ Only: { ...state, End: true } });
/** A task that gives its token to the function `ask`. */
export const asking = (rest: object = {}) =>
  invoke('ask', '{% $states.context.Task.Token %}', {
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    ...rest,
  });
