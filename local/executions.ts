import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { runScope } from './asl.ts';
import type { Definition } from './asl-definition.ts';
import { StateError } from './asl-expression.ts';
import { type Execution, freshScope, type Run, type Scope } from './asl-frame.ts';
import { AwsError, type Context } from './types.ts';

/** As GetExecutionHistory gives it; `timestamp` in epoch seconds. */
type HistoryEvent = { id: number; previousEventId: number; timestamp: number; type: string };
type Answer = { output: string } | { error: string; cause: string };
type Token = { execution: string; path: string; answer?: Answer };
type Live = { run: Run; leave(): void };

const ENDED = { SUCCEEDED: 'Succeeded', FAILED: 'Failed', TIMED_OUT: 'TimedOut', ABORTED: 'Aborted' };
type Ending = { status: keyof typeof ENDED } & Pick<Execution, 'output' | 'error' | 'cause'>;

const HISTORY_LIMIT = 25_000;
const EXPRESS_SECONDS = 300;

/**
 * Runs executions, new or left by an earlier process, and hands answers to the tasks that wait for them. It keeps executions,
 * their history, where each of their scopes stands, and task tokens; of Express executions nothing, as on AWS.
 */
export function executions(ctx: Context) {
  const { clock, meter } = ctx;
  const kept = keyValues(ctx);
  const live = new Map<string, Live>();
  const waiters = new Map<string, (answer: Answer) => void>();

  /** The next event of the history, to be put. */
  function next(execution: Execution, previousEventId: number, type: string, details: object = {}) {
    const id = ++execution.events;
    const name = type.replace(/^.+State(Entered|Exited)$/, 'State$1');
    const key = `${name[0]?.toLowerCase()}${name.slice(1)}EventDetails`;
    const event = { id, previousEventId, timestamp: clock.now() / 1000, type, [key]: details };
    return { [`event ${execution.arn} ${String(id).padStart(5, '0')}`]: event };
  }

  /** Writes the end at once; what still runs of it finds the signal aborted, and may not write. */
  function end({ run, leave }: Live, ending: Ending) {
    const { execution, signal } = run;
    if (signal.aborted) return;
    leave();
    Object.assign(execution, ending, { stopMs: clock.now() });
    if (execution.machine.type === 'EXPRESS') {
      // 64 MB at least, in steps of 100 ms.
      meter.count('states-express-start', 1, 'StartExecution');
      meter.count('states-express-gb-hour', (billedMs(execution) / 3_600_000) * (64 / 1024), 'StartExecution');
      return;
    }
    const { status, ...details } = ending;
    const event = next(execution, execution.events, `Execution${ENDED[status]}`, details);
    kept.put({ [`execution ${execution.arn}`]: execution, ...event });
    run.drop('');
  }

  /** Resolves to `execution` as it ended. */
  async function execute(execution: Execution): Promise<Execution> {
    const stopping = new AbortController();
    const { signal } = stopping;
    setMaxListeners(0, signal);
    const definition = JSON.parse(execution.machine.definition) as Definition;
    const run = runOf(execution, signal);
    const limit = execution.machine.type === 'EXPRESS' ? EXPRESS_SECONDS : Number.POSITIVE_INFINITY;
    const endMs = execution.startMs + 1000 * Math.min(definition.TimeoutSeconds ?? limit, limit);
    const expire = () => end(one, { status: 'TIMED_OUT', error: 'States.Timeout' });
    const cancel = Number.isFinite(endMs) ? clock.at(endMs, expire) : () => {};
    const leave = () => {
      cancel();
      live.delete(execution.arn);
      stopping.abort(new Error('the execution has ended'));
    };
    const one: Live = { run, leave };
    live.set(execution.arn, one);
    try {
      const scope = run.load('') ?? freshScope(definition, JSON.parse(execution.input), 1);
      const output = await runScope({ run, states: definition, path: '', scope, outer: {}, signal });
      end(one, { status: 'SUCCEEDED', output: JSON.stringify(output) });
    } catch (thrown) {
      const { error, cause } = thrown instanceof StateError ? thrown : new StateError('States.Runtime', String(thrown));
      end(one, { status: 'FAILED', error, cause });
    }
    return execution;
  }

  const runOf = (execution: Execution, signal: AbortSignal): Run => {
    const scopeKey = (path: string) => `scope ${execution.arn} ${path}`;
    return {
      ...{ ctx, execution, signal },
      load: (path) => kept.get<Scope>(scopeKey(path)),
      save(path, scope, type, details) {
        signal.throwIfAborted();
        if (execution.machine.type === 'EXPRESS') return;
        // The last place is for the event that ends the execution.
        if (type && execution.events + 1 >= HISTORY_LIMIT)
          throw new StateError('States.Runtime', `The history reached its maximum of ${HISTORY_LIMIT} events.`);
        const event = type && next(execution, scope.last, type, details);
        if (event) scope.last = execution.events;
        kept.put({ [scopeKey(path)]: scope, ...event });
      },
      drop: (prefix) => kept.drop(scopeKey(prefix)),
      openToken(path) {
        const token = randomBytes(54).toString('base64');
        kept.put({ [`token ${token}`]: { execution: execution.arn, path } });
        return token;
      },
      async answer(token) {
        const known = kept.get<Token>(`token ${token}`)?.answer;
        const answer = known ?? (await new Promise<Answer>((resolve) => waiters.set(token, resolve)));
        if ('error' in answer) throw new StateError(answer.error, answer.cause);
        return JSON.parse(answer.output);
      },
    };
  };

  const history = (arn: string) => kept.all<HistoryEvent>(`event ${arn} `);
  return {
    history,
    get: (arn: string) => kept.get<Execution>(`execution ${arn}`),
    start(execution: Execution): Promise<Execution> {
      if (execution.machine.type === 'STANDARD') {
        const event = next(execution, 0, 'ExecutionStarted', { input: execution.input });
        kept.put({ [`execution ${execution.arn}`]: execution, ...event });
      }
      return execute(execution);
    },
    /** Goes on with what an earlier process left. */
    resume() {
      const running = kept.all<Execution>('execution ').filter(({ status }) => status === 'RUNNING');
      for (const execution of running)
        if (!live.has(execution.arn)) void execute({ ...execution, events: history(execution.arn).length });
    },
    abort(arn: string, reason: Pick<Ending, 'error' | 'cause'>) {
      const one = live.get(arn);
      if (one) end(one, { status: 'ABORTED', ...reason });
    },
    /** Throws TaskDoesNotExist for a token that was never given, TaskTimedOut when no task waits for it any more. */
    answer(token: string, answer: Answer) {
      const known = kept.get<Token>(`token ${token}`);
      if (!known) throw new AwsError('TaskDoesNotExist', 'Task does not exist');
      const scope = kept.get<Scope>(`scope ${known.execution} ${known.path}`);
      if (known.answer || scope?.visit?.token !== token)
        throw new AwsError('TaskTimedOut', 'Task Timed Out: the task was answered or is over');
      kept.put({ [`token ${token}`]: { ...known, answer } });
      waiters.get(token)?.(answer);
      waiters.delete(token);
    },
    /** Lets go of everything without writing: the store keeps it for the next process. */
    halt() {
      for (const one of live.values()) one.leave();
    },
  };
}

/** Milliseconds that AWS bills an Express execution: whole steps of 100. */
export const billedMs = ({ startMs, stopMs = startMs }: Execution): number => Math.ceil((stopMs - startMs) / 100) * 100;

/** A durable map from text to JSON values. `all` and `drop` take every key that begins so, in order. */
function keyValues({ store }: Context) {
  store.exec('CREATE TABLE IF NOT EXISTS states (key TEXT PRIMARY KEY, value TEXT)');
  const get = store.prepare('SELECT value FROM states WHERE key = ?');
  const put = store.prepare('INSERT OR REPLACE INTO states SELECT key, value FROM json_each(?)');
  const all = store.prepare('SELECT value FROM states WHERE key >= ? AND key < ? ORDER BY key');
  const drop = store.prepare('DELETE FROM states WHERE key >= ? AND key < ?');
  const parsed = <T>(row: Record<string, unknown>) => JSON.parse(String(row.value)) as T;
  return {
    get<T>(key: string): T | undefined {
      const row = get.get(key);
      return row && parsed<T>(row);
    },
    /** All or nothing: one statement. */
    put: (rows: Record<string, unknown>) => void put.run(JSON.stringify(rows)),
    all: <T>(prefix: string) => all.all(prefix, `${prefix}\uffff`).map((row) => parsed<T>(row)),
    drop: (prefix: string) => void drop.run(prefix, `${prefix}\uffff`),
  };
}
