import type { ApprovalRef } from '../../core/strategy/approval/approval.ts';
import type { ApprovableKind } from '../../core/strategy/approval/approval-settings.ts';
import { isCurrent, waitOf } from '../../core/strategy/approval/decisions.ts';
import { definitions } from '../adapters/definitions.ts';
import { wakeSchedules, wakeSoon } from '../adapters/schedules.ts';
import { readEnv } from '../middleware/read-env.ts';
import { approvables } from './approvables.ts';
import { noteTrouble } from './note-trouble.ts';
import { env } from './settle-approval.env.ts';
import { tellOfApproval } from './tell-of-approval.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, WEBHOOK_QUEUE_URL } = environment;
const compileAt = wakeSchedules(environment);
const store = {
  defs: definitions(DEFINITIONS_TABLE),
  sinks: {
    auditTable: environment.AUDIT_TABLE,
    participantsQueueUrl: environment.PARTICIPANTS_QUEUE_URL,
    compileSoon: () => wakeSoon(compileAt, Date.now()),
    machines: {
      'run-campaign': environment.RUN_MACHINE_ARN,
      'repeat-campaign': environment.REPEAT_MACHINE_ARN,
      'release-parked': environment.RELEASE_MACHINE_ARN,
    },
  },
};

type Task = ApprovalRef & { kind: ApprovableKind; id: string; givenUp: boolean };

/**
 * Task of approve-plan after each wait: puts what is approved in force, returns what nobody decided on, reminds, and gives what
 * the state machine is to wait for next; without `wait` nothing is. What cannot be put in force says why, and is tried again: the error is
 * thrown. Running it twice is safe: the second time it is in force already, or reminded of, and nothing changes.
 */
export const handler = async ({ givenUp, ...task }: Task) => {
  const { kind, id, ...ref } = task;
  const nowMs = Date.now();
  const thing = await approvables[kind].settle(store, id, ref, givenUp, nowMs).catch(async (error: unknown) => {
    await noteTrouble(store, environment.METRICS_NAMESPACE, { kind, id, ref }, error, nowMs);
    throw error;
  });
  if (thing && isCurrent(thing, ref)) await tellOfApproval(store.defs, WEBHOOK_QUEUE_URL, kind, thing);
  const wait = thing && waitOf(thing, ref, nowMs);
  // Rejected, or a draft again, and deleted before this ran.
  return { ...task, state: thing?.state ?? 'deleted', ...(wait && { wait }) };
};
