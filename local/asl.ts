import { setMaxListeners } from 'node:events';
import type { State, States } from './asl-definition.ts';
import { StateError, withinLimit } from './asl-expression.ts';
import {
  badValue,
  countTransition,
  type Frame,
  freshScope,
  idle,
  type Leaving,
  leaveState,
  read,
  readNumber,
  save,
} from './asl-frame.ts';
import { runTask, withRetry } from './asl-task.ts';

/** Runs a scope to its end and gives its output. Throws StateError, or the signal's reason. */
export async function runScope(frame: Frame): Promise<unknown> {
  const { run, scope, path, signal } = frame;
  while (!scope.done) {
    signal.throwIfAborted();
    const name = scope.at;
    const state = frame.states.States[name]!;
    if (!scope.visit) {
      scope.visits += 1;
      scope.visit = { count: 0, retries: {} };
      countTransition(run);
      save(frame, `${state.Type}StateEntered`, { name, input: JSON.stringify(scope.input) });
    }
    const { output, assign, next } = await steps[state.Type](frame, state);
    Object.assign(scope, { input: output, variables: { ...scope.variables, ...assign }, done: next === undefined });
    if (next !== undefined) scope.at = next;
    delete scope.visit;
    const assigned = Object.entries(assign).map(([variable, value]) => [variable, JSON.stringify(value)]);
    const assignedVariables = assigned.length > 0 ? Object.fromEntries(assigned) : undefined;
    save(frame, `${state.Type}StateExited`, { name, output: JSON.stringify(output), assignedVariables });
    if (state.Type === 'Map' || state.Type === 'Parallel') run.drop(`${path}/${scope.visits}.`);
  }
  return scope.input;
}

const steps: Record<State['Type'], (frame: Frame, state: State) => Promise<Leaving>> = {
  Task: (frame, state) => withRetry(frame, state, runTask),
  Map: (frame, state) => withRetry(frame, state, map),
  Parallel: (frame, state) => withRetry(frame, state, parallel),
  Wait: wait,
  Choice: choose,
  Fail: fail,
  Pass: (frame, state) => leaveState(frame, state, frame.scope.input),
  Succeed: (frame, state) => leaveState(frame, state, frame.scope.input),
};

async function choose(frame: Frame, state: State): Promise<Leaving> {
  for (const [index, rule] of (state.Choices ?? []).entries()) {
    const field = `Choices[${index}]/Condition`;
    const holds = await read(frame, rule.Condition, field);
    if (typeof holds !== 'boolean') throw badValue(field, 'true or false');
    if (holds) return leaveState(frame, rule, frame.scope.input);
  }
  if (state.Default === undefined) throw new StateError('States.NoChoiceMatched', 'No choice matched.');
  // The state's own Output and Assign belong to the Default.
  return leaveState(frame, { ...state, Next: state.Default }, frame.scope.input);
}

async function fail(frame: Frame, state: State): Promise<never> {
  const error = await read(frame, state.Error ?? '', 'Error');
  throw new StateError(String(error), String(await read(frame, state.Cause ?? '', 'Cause')));
}

async function wait(frame: Frame, state: State): Promise<Leaving> {
  const { scope, run } = frame;
  const current = scope.visit!;
  if (current.dueMs === undefined) {
    current.dueMs =
      state.Timestamp === undefined
        ? run.ctx.clock.now() + (await readNumber(frame, state.Seconds, 'Seconds', 0)) * 1000
        : instant(await read(frame, state.Timestamp, 'Timestamp'));
    save(frame);
  }
  await idle(frame, current.dueMs);
  return leaveState(frame, state, scope.input);
}

/** RFC 3339 with an uppercase T and a zone, as Step Functions wants it. */
function instant(value: unknown): number {
  const text = String(value);
  const atMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) throw badValue('Timestamp', 'an RFC 3339 time such as 2026-01-31T09:00:00Z');
  return atMs;
}

/** An inline Map: outputs in the order of the items, at most MaxConcurrency iterations at once (40 as on AWS by default). */
async function map(frame: Frame, state: State): Promise<unknown> {
  const { ItemSelector, ItemProcessor, MaxConcurrency = 0, Items = '{% $states.input %}' } = state;
  const current = frame.scope.visit!;
  const limit = await readNumber(frame, MaxConcurrency, 'MaxConcurrency', 0);
  if (!current.items) {
    const items = await read(frame, Items, 'Items');
    if (!Array.isArray(items)) throw badValue('Items', 'an array (objects are not supported locally)');
    current.items = items;
    save(frame, 'MapStateStarted', { length: items.length });
  }
  const scopes = current.items.map((item, index): Inner => {
    const map = { Item: { Index: index, Value: item } };
    const input = async () => (ItemSelector ? read({ ...frame, map }, ItemSelector, 'ItemSelector') : item);
    return { states: ItemProcessor!, input, map };
  });
  return inner(frame, 'Map', scopes, limit || 40);
}

async function parallel(frame: Frame, state: State): Promise<unknown> {
  const { scope, map } = frame;
  const { Branches: branches = [], Arguments } = state;
  const input = Arguments === undefined ? scope.input : await read(frame, Arguments, 'Arguments');
  if (!scope.visit!.scheduled) {
    scope.visit!.scheduled = true;
    save(frame, 'ParallelStateStarted');
  }
  const scopes = branches.map((states): Inner => ({ states, input: async () => input, map }));
  return inner(frame, 'Parallel', scopes, branches.length);
}

/** A scope inside a Map or Parallel state. */
type Inner = { states: States; input(): Promise<unknown>; map: unknown };

/** Runs inner scopes, `limit` at a time. The first failure ends the others and is the state's own error. */
async function inner(frame: Frame, type: 'Map' | 'Parallel', scopes: Inner[], limit: number): Promise<unknown[]> {
  const { run, scope } = frame;
  const ending = new AbortController();
  const signal = AbortSignal.any([frame.signal, ending.signal]);
  setMaxListeners(0, signal);
  const outer = { ...frame.outer, ...scope.variables };
  const folder = `${frame.path}/${scope.visits}.${scope.visit!.count}`;

  const runInner = async ({ states, input, map }: Inner, index: number) => {
    const path = `${folder}/${index}`;
    const known = run.load(path);
    const own = known ?? freshScope(states, await input(), scope.last);
    const child = { run, states, path, scope: own, outer, map, signal };
    const tell = (what: string) =>
      type === 'Map' ? save(child, `MapIteration${what}`, { name: scope.at, index }) : save(child);
    if (!known) tell('Started');
    try {
      const output = await runScope(child);
      const untold = !own.closed;
      own.closed = true;
      if (untold) tell('Succeeded');
      return output;
    } catch (error) {
      if (!frame.signal.aborted) tell(error instanceof StateError ? 'Failed' : 'Aborted');
      throw error;
    }
  };
  const outputs: unknown[] = [];
  const failures: unknown[] = [];
  const waiting = scopes.entries();
  const worker = async () => {
    try {
      for (const [index, scope] of waiting) if (!signal.aborted) outputs[index] = await runInner(scope, index);
    } catch (error) {
      failures.push(error);
      ending.abort(new Error('a sibling failed'));
    }
  };
  await idle(frame, undefined, Promise.all(Array.from({ length: Math.min(limit, scopes.length) }, worker)));
  const [failure] = failures;
  save(frame, `${type}State${failure === undefined ? 'Succeeded' : 'Failed'}`);
  if (failure !== undefined) throw failure;
  withinLimit(outputs, `The result of state '${scope.at}'`);
  return outputs;
}
