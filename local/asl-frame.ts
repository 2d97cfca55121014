import type { MachineType, States } from './asl-definition.ts';
import { type Bindings, evaluate, StateError, withinLimit } from './asl-expression.ts';
import type { Context } from './types.ts';

export type Machine = { arn: string; name: string; type: MachineType; definition: string };
export type Execution = {
  arn: string;
  name: string;
  /** As it was at the start: later versions of the machine do not change a running execution. */
  machine: Machine;
  input: string;
  startMs: number;
  /** History events so far. */
  events: number;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  stopMs?: number;
  output?: string;
  error?: string;
  cause?: string;
};

/**
 * Where one sequence of states stands: the machine itself, a Map iteration or a Parallel branch. It is written after each
 * step, so a restart goes on from here: a wait keeps its deadline, a token stays valid, a task in flight runs again.
 */
export type Scope = {
  at: string;
  input: unknown;
  /** Assigned in this scope; those of outer scopes are read through. */
  variables: Bindings;
  /** Id of its latest history event. */
  last: number;
  /** States entered so far; names the inner scopes of a visit. */
  visits: number;
  visit?: Visit;
  /** Its output is `input` by then; `closed` once a Map has told its history. */
  done?: boolean;
  closed?: boolean;
};
type Visit = {
  /** Retries so far, altogether and by Retry entry. */
  count: number;
  retries: Record<number, number>;
  /** End of a Wait or of the pause before a retry. */
  dueMs?: number;
  /** Of the attempt under way: set once it was scheduled. */
  scheduled?: true;
  deadlineMs?: number;
  token?: string;
  submitted?: true;
  items?: unknown[];
};

/** One execution at work. `path` names a scope: '' for the machine, then `/<visit>.<retry>/<index>`. */
export type Run = {
  ctx: Context;
  execution: Execution;
  /** Aborted when the execution has ended, however it did. */
  signal: AbortSignal;
  load(path: string): Scope | undefined;
  /** Writes the scope together with a history event, if there is one. Throws when the execution or its history is over. */
  save(path: string, scope: Scope, type?: string, details?: object): void;
  /** Forgets the scopes whose path begins so. */
  drop(prefix: string): void;
  /** A token for the task at `path`; it waits for an answer as long as the scope there names it. */
  openToken(path: string): string;
  /** Resolves to the output of SendTaskSuccess, rejects with the error of SendTaskFailure. */
  answer(token: string): Promise<unknown>;
};

/** A scope at work. */
export type Frame = {
  run: Run;
  states: States;
  path: string;
  scope: Scope;
  outer: Bindings;
  /** `Map` of `$states.context` inside an iteration. */
  map?: unknown;
  signal: AbortSignal;
};
/** What a state gives to the next; `next` is undefined at the end of the scope. */
export type Leaving = { output: unknown; assign: Bindings; next: string | undefined };

export const freshScope = (states: States, input: unknown, last: number): Scope => {
  return { at: states.StartAt, input, variables: {}, last, visits: 0 };
};

export const save = ({ run, path, scope }: Frame, type?: string, details?: object) =>
  run.save(path, scope, type, details);

/** A state was entered or retried: what AWS bills. */
export const countTransition = ({ ctx, execution }: Run) => {
  const { type, name } = execution.machine;
  if (type === 'STANDARD') ctx.meter.count('states-transition', 1, name);
};

/** Evaluates a field of the current state. `extra` adds `result` or `errorOutput` to `$states`. */
export async function read(frame: Frame, template: unknown, field: string, extra: object = {}): Promise<unknown> {
  const { run, scope, outer, map } = frame;
  const { count, token } = scope.visit!;
  const { arn, name, input, startMs, machine } = run.execution;
  const context = {
    Execution: { Id: arn, Name: name, Input: JSON.parse(input), StartTime: new Date(startMs).toISOString() },
    StateMachine: { Id: machine.arn, Name: machine.name },
    State: { Name: scope.at, RetryCount: count },
    ...(token !== undefined && { Task: { Token: token } }),
    ...(map !== undefined && { Map: map }),
  };
  const bindings = { ...outer, ...scope.variables, states: { input: scope.input, context, ...extra } };
  const value = await evaluate(template, bindings, run.ctx.clock.now(), field);
  withinLimit(value, `${field} of state '${scope.at}'`);
  return value;
}

export const badValue = (field: string, must: string) =>
  new StateError('States.QueryEvaluationError', `The field '${field}' must be ${must}.`);

export async function readNumber(frame: Frame, template: unknown, field: string, least: number): Promise<number> {
  const value = await read(frame, template, field);
  if (!Number.isInteger(value) || Number(value) < least) throw badValue(field, `a whole number from ${least}`);
  return Number(value);
}

/** Output and Assign both see the variables as they were on entry. */
export async function leaveState(
  frame: Frame,
  by: { Output?: unknown; Assign?: Bindings; Next?: string },
  output: unknown,
  extra: object = {},
): Promise<Leaving> {
  return {
    output: by.Output === undefined ? output : await read(frame, by.Output, 'Output', extra),
    assign: (await read(frame, by.Assign ?? {}, 'Assign', extra)) as Bindings,
    next: by.Next,
  };
}

/**
 * Waits for `promise`, or until `atMs`, which rejects with `late` or just ends the wait. The end of the scope rejects.
 * Nothing here holds the clock: between two waits an execution runs in one turn of the event loop, which no clock overtakes.
 */
export async function idle<T>(
  { signal, run }: Frame,
  atMs: number | undefined,
  promise?: Promise<T>,
  late?: StateError,
): Promise<T | undefined> {
  const { promise: ending, resolve, reject } = Promise.withResolvers<undefined>();
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const cancel = atMs && run.ctx.clock.at(atMs, () => (late ? reject(late) : resolve(undefined)));
  try {
    return await Promise.race([ending, ...(promise ? [promise] : [])]);
  } finally {
    signal.removeEventListener('abort', stop);
    if (cancel) cancel();
  }
}
