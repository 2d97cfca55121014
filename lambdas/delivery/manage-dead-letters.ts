import { routes } from '../../core/access/routes/dead-letters.ts';
import { putAudit } from '../adapters/audit.ts';
import { countsOf, type Held, visitLetters } from '../adapters/dead-letters.ts';
import { failuresOf } from '../adapters/failures.ts';
import { cancelMoveTask, isUnderWay, moveTaskOf, startMoveTask } from '../adapters/move-tasks.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { discardLetters, MAX_LOOKED, redriveLetters, viewOf } from './dead-letters.ts';
import { env } from './manage-dead-letters.env.ts';

const { DEAD_LETTERS, FAILED_INVOCATIONS, UNDELIVERED, FAILURES_TABLE, AUDIT_TABLE, CLEANSE_MACHINE_ARN } =
  readEnv(env);
const named = (json: string) => Object.entries(JSON.parse(json) as Record<string, string>);
/** Written by functions and schedules, not by a queue: SQS cannot move them back. */
const invocations = new Map(named(FAILED_INVOCATIONS));
/** Where what topics and rules could not deliver was to go: SQS knows no way back for it. */
const intended = new Map(named(UNDELIVERED));
const urls = new Map([...named(DEAD_LETTERS), ...invocations]);

const urlOf = (queue: string): string => {
  const url = urls.get(queue);
  if (url === undefined)
    throw new Problem('not-found', `No dead-letter queue ${queue}; GET /v1/dead-letters names all`);
  return url;
};

const queueView = async (queue: string) => {
  const { arn, messages, hidden } = await countsOf(urlOf(queue));
  const redrive = invocations.has(queue) ? undefined : await moveTaskOf(arn);
  return { queue, messages, hidden, ...(redrive && { redrive }) };
};

const viewsOf = async (queue: string, held: readonly Held[]) => {
  const failures = await failuresOf(
    FAILURES_TABLE,
    held.map(({ letter }) => letter.id),
  );
  return held.map(({ letter }) => viewOf(letter, failures.get(letter.id), intended.get(queue)));
};

const remainingIn = async (queue: string): Promise<number> => (await countsOf(urlOf(queue))).messages;

/** Begins SQS's own move of all messages. When one is under way, with the same rate, that is the answer. */
const redriveAll = async (queue: string, messagesPerSecond: number): Promise<void> => {
  const { arn } = await countsOf(urlOf(queue));
  const mine = async () => {
    const task = await moveTaskOf(arn);
    if (!isUnderWay(task)) return false;
    if (task.status === 'RUNNING' && task.messagesPerSecond === messagesPerSecond) return true;
    const detail = `A redrive at ${task.messagesPerSecond} messages a second is ${task.status}; cancel it, or wait for its end`;
    throw new Problem('state-conflict', detail);
  };
  if (await mine()) return;
  try {
    await startMoveTask(arn, messagesPerSecond, intended.get(queue));
  } catch (error) {
    // Somebody else may have been faster.
    if (!(await mine())) throw error;
  }
};

/**
 * Dead letters for operators. Running any of it twice is safe: a letter is deleted only after it is durable elsewhere, or
 * after the audit log says that it is discarded; what is done again knows what was done before.
 */
export const handler = apiHandler('delivery/manage-dead-letters', routes, {
  listDeadLetterQueues: async () => ({ body: { items: await Promise.all([...urls.keys()].map(queueView)) } }),

  listDeadLetters: async ({ params: { queue }, query: { limit } }) => {
    const seen: Held[] = [];
    await visitLetters(urlOf(queue), { max: limit }, async (held) => {
      seen.push(...held);
      return { gone: [] };
    });
    return { body: { items: await viewsOf(queue, seen), remaining: await remainingIn(queue) } };
  },

  getDeadLetter: async ({ params: { queue, messageId } }) => {
    let found: Held | undefined;
    await visitLetters(urlOf(queue), { max: MAX_LOOKED }, async (held) => {
      found = held.find(({ letter }) => letter.id === messageId);
      return { gone: [], enough: found !== undefined };
    });
    if (!found) throw new Problem('not-found', `${messageId} is not among the messages of ${queue} that could be seen`);
    const [view] = await viewsOf(queue, [found]);
    return { body: { ...view, payload: found.letter.body } };
  },

  redriveDeadLetters: async ({ params: { queue }, body, actor, nowMs }) => {
    const { messageIds, messagesPerSecond } = body;
    const url = urlOf(queue);
    const about = { actor, atMs: nowMs, version: 0, subject: `dead-letters/${queue}` };
    await putAudit(AUDIT_TABLE, { ...about, action: 'redrive', detail: JSON.stringify(body) });
    if (!messageIds && !invocations.has(queue)) {
      await redriveAll(queue, messagesPerSecond);
      return { body: { redriven: 0, ...(await answerOf(queue)) } };
    }
    const targets = { machineArn: CLEANSE_MACHINE_ARN, intendedArn: intended.get(queue) };
    const result = await redriveLetters(url, { messageIds, messagesPerSecond, ...targets });
    return { body: { ...result, ...(await answerOf(queue)) } };
  },

  cancelRedrive: async ({ params: { queue }, actor, nowMs }) => {
    const { arn } = await countsOf(urlOf(queue));
    const about = { actor, atMs: nowMs, version: 0, subject: `dead-letters/${queue}`, detail: '' };
    await putAudit(AUDIT_TABLE, { ...about, action: 'cancel-redrive' });
    if (!invocations.has(queue)) await cancelMoveTask(arn);
    return { body: await queueView(queue) };
  },

  discardDeadLetters: async ({ params: { queue }, body: { messageIds, reason }, actor, nowMs }) => {
    const audit = (detail: string) =>
      putAudit(AUDIT_TABLE, {
        ...{ subject: `dead-letters/${queue}`, action: 'discard', actor, atMs: nowMs, version: 0 },
        detail,
      });
    const result = await discardLetters(urlOf(queue), { messageIds, reason, audit });
    return { body: { ...result, remaining: await remainingIn(queue) } };
  },
});

const answerOf = async (queue: string) => {
  const { messages, redrive } = await queueView(queue);
  return { remaining: messages, ...(redrive && { redrive }) };
};
