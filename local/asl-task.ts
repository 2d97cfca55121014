import { createHash } from 'node:crypto';
import type { Retrier, State } from './asl-definition.ts';
import { StateError, withinLimit } from './asl-expression.ts';
import { countTransition, type Frame, idle, type Leaving, leaveState, read, readNumber, save } from './asl-frame.ts';
import { AwsError, type Context } from './types.ts';

type Arguments = Record<string, unknown>;
/** One Resource that a Task may name, with the Arguments that it takes. `call` gives `$states.result`. */
type TaskKind = { takes: string[]; call(ctx: Context, args: Arguments): Promise<unknown> };

const lambda: TaskKind = {
  takes: ['FunctionName', 'Payload'],
  async call({ services }, { FunctionName, Payload = {} }) {
    const result = await services.lambda.invoke(String(FunctionName), Payload);
    if (result.ok) return { ExecutedVersion: '$LATEST', Payload: result.value ?? null, StatusCode: 200 };
    const { errorType, errorMessage } = result;
    throw new StateError(errorType || 'Lambda.Unknown', JSON.stringify({ errorType, errorMessage }));
  },
};
const query: TaskKind = {
  takes: ['QueryString', 'QueryExecutionContext', 'WorkGroup'],
  async call({ services }, { QueryString, QueryExecutionContext, WorkGroup }) {
    const { Database: database = 'default' } = (QueryExecutionContext ?? {}) as { Database?: string };
    const request = { sql: String(QueryString), database, workGroup: String(WorkGroup) };
    const { state, execution } = await services.athena.run(request);
    if (state === 'FAILED') throw new StateError('States.TaskFailed', JSON.stringify(execution));
    return { QueryExecution: execution };
  },
};
const execution: TaskKind = {
  takes: ['StateMachineArn', 'Input', 'Name'],
  async call({ services }, { StateMachineArn, Input = {}, Name }) {
    const input = typeof Input === 'string' ? Input : JSON.stringify(Input);
    const { executionArn } = services.states.start(String(StateMachineArn), input, Name as string | undefined);
    return { ExecutionArn: executionArn };
  },
};
export const taskKinds: Record<string, TaskKind> = {
  'arn:aws:states:::lambda:invoke': lambda,
  'arn:aws:states:::lambda:invoke.waitForTaskToken': lambda,
  'arn:aws:states:::athena:startQueryExecution.sync': query,
  'arn:aws:states:::states:startExecution': execution,
};

/** The wildcards take neither States.Runtime, which nothing takes, nor States.DataLimitExceeded, which must be named. */
export function takes(errorEquals: string[], error: string): boolean {
  const wild = ['States.ALL', ...(error === 'States.Timeout' ? [] : ['States.TaskFailed'])];
  const names = error === 'States.DataLimitExceeded' ? [error] : [error, ...wild];
  return error !== 'States.Runtime' && names.some((name) => errorEquals.includes(name));
}

/** Milliseconds before retry number `attempt` (from 1). FULL jitter draws by `seed`, so that a run repeats itself. */
export function retryDelayMs(retrier: Retrier, attempt: number, seed: string): number {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Number.POSITIVE_INFINITY, JitterStrategy } = retrier;
  const ms = 1000 * Math.min(IntervalSeconds * BackoffRate ** (attempt - 1), MaxDelaySeconds);
  const draw = createHash('sha256').update(`${seed}#${attempt}`).digest().readUInt32BE(0) / 2 ** 32;
  return Math.round(JitterStrategy === 'FULL' ? ms * draw : ms);
}

/** Tries a Task, Map or Parallel state until it succeeds, its Retry is used up, or a Catch takes the error. */
export async function withRetry(
  frame: Frame,
  state: State,
  attempt: (frame: Frame, state: State) => Promise<unknown>,
): Promise<Leaving> {
  const { run, scope, path } = frame;
  for (;;) {
    const visit = scope.visit!;
    try {
      if (visit.dueMs !== undefined) await idle(frame, visit.dueMs);
      delete visit.dueMs;
      const result = await attempt(frame, state);
      return await leaveState(frame, state, result, { result });
    } catch (thrown) {
      if (!(thrown instanceof StateError)) throw thrown;
      const { error, cause } = thrown;
      const index = (state.Retry ?? []).findIndex((entry) => takes(entry.ErrorEquals, error));
      const retrier = state.Retry?.[index];
      const attempts = (visit.retries[index] ?? 0) + 1;
      if (!retrier || attempts > (retrier.MaxAttempts ?? 3)) {
        const catcher = state.Catch?.find((entry) => takes(entry.ErrorEquals, error));
        if (!catcher) throw thrown;
        const errorOutput = { Error: error, Cause: cause };
        return leaveState(frame, catcher, errorOutput, { errorOutput });
      }
      const folder = `${path}/${scope.visits}.`;
      const dueMs = run.ctx.clock.now() + retryDelayMs(retrier, attempts, `${run.execution.arn}${folder}`);
      scope.visit = { count: visit.count + 1, retries: { ...visit.retries, [index]: attempts }, dueMs };
      countTransition(run);
      save(frame);
      run.drop(folder);
    }
  }
}

/** One attempt of a Task: gives `$states.result`. */
export async function runTask(frame: Frame, state: State): Promise<unknown> {
  const { run, scope, path } = frame;
  const visit = scope.visit!;
  const [resourceType = '', resource = ''] = state.Resource!.split(':').slice(5);
  const about = { resourceType, resource };
  if (resource.endsWith('.waitForTaskToken')) visit.token ??= run.openToken(path);
  const args = (await read(frame, state.Arguments, 'Arguments')) as Arguments;
  if (!visit.scheduled) {
    visit.scheduled = true;
    if (state.TimeoutSeconds !== undefined) {
      const seconds = await readNumber(frame, state.TimeoutSeconds, 'TimeoutSeconds', 1);
      visit.deadlineMs = run.ctx.clock.now() + seconds * 1000;
    }
    save(frame, 'TaskScheduled', { ...about, region: run.ctx.region, parameters: JSON.stringify(args) });
    save(frame, 'TaskStarted', about);
  }
  try {
    const call = () => taskKinds[state.Resource!]!.call(run.ctx, args).catch(asStateError(resourceType));
    const result = await finished(frame, about, call);
    save(frame, 'TaskSucceeded', { ...about, output: withinLimit(result, `The result of state '${scope.at}'`) });
    return result;
  } catch (thrown) {
    if (!(thrown instanceof StateError)) throw thrown;
    const { error, cause } = thrown;
    delete visit.token; // an answer would come too late
    save(frame, error === 'States.Timeout' ? 'TaskTimedOut' : 'TaskFailed', { ...about, error, cause });
    throw thrown;
  }
}

/** The call, and with a token its answer, which may come before the call returns. */
async function finished(frame: Frame, about: object, call: () => Promise<unknown>): Promise<unknown> {
  const visit = frame.scope.visit!;
  const late = new StateError('States.Timeout', '');
  if (visit.token === undefined) return idle(frame, visit.deadlineMs, call(), late);
  const answer = frame.run.answer(visit.token);
  if (!visit.submitted) {
    await idle(frame, visit.deadlineMs, Promise.race([call(), answer]), late);
    visit.submitted = true;
    save(frame, 'TaskSubmitted', about);
  }
  return idle(frame, visit.deadlineMs, answer, late);
}

/** An exception of a called service is an error named `<Service>.<Code>Exception`, as Step Functions names them. */
const asStateError = (resource: string) => (error: unknown) => {
  if (!(error instanceof AwsError)) throw error;
  const service = resource === 'states' ? 'stepFunctions' : resource;
  const name = `${service[0]?.toUpperCase()}${service.slice(1)}.${error.code.replace(/(Exception)?$/, 'Exception')}`;
  throw new StateError(name, error.message);
};
