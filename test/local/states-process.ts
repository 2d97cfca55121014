import { DatabaseSync } from 'node:sqlite';
import { realClock } from '../../local/clock.ts';
import { asking, harness, last, states } from './states-harness.ts';

/**
 * Runs one execution on the store named by the first argument until one branch waits for an hour and the other for a
 * token, prints both, and goes on until it is killed.
 */
const store = new DatabaseSync(process.argv[2] as string);
store.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
const clock = realClock();
const h = harness({ ask: () => 'asked' }, store, Date.now(), clock);
const branches = [
  states({ Ask: asking({ End: true }) }),
  states({ Wait: { Type: 'Wait', Seconds: 3600, Output: '{% null %}', End: true } }),
];
const executionArn = await h.start(h.create(last({ Type: 'Parallel', Branches: branches })));
const report = setInterval(async () => {
  const events = await h.history(executionArn);
  const waiting = events.find(({ type }) => type === 'WaitStateEntered');
  if (!waiting || !events.some(({ type }) => type === 'TaskSubmitted')) return;
  const dueMs = waiting.timestamp * 1000 + 3_600_000;
  clearInterval(report);
  setInterval(() => {}, 60_000); // stays until killed
  console.log(JSON.stringify({ executionArn, taskToken: h.calls[0]?.event, dueMs }));
}, 10);
