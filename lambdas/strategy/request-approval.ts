import type { ApprovalRef } from '../../core/strategy/approval/approval.ts';
import type { ApprovableKind } from '../../core/strategy/approval/approval-settings.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { ApprovalVoided } from '../../core/strategy/plan-cancelled.ts';
import { definitions } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { readEnv } from '../middleware/read-env.ts';
import { approvables } from './approvables.ts';
import { definitionOf } from './change-forced.ts';
import { env } from './request-approval.env.ts';
import { tellOfApproval } from './tell-of-approval.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, WEBHOOK_QUEUE_URL } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };

type Task = ApprovalRef & { kind: ApprovableKind; id: string; level: number; taskToken: string };

/**
 * Task of approve-plan, which waits after it: puts the task token on what was submitted, where the API finds it when somebody
 * decides. Running it twice is safe: the state machine waits for the token of the last attempt, and that is kept.
 * Who the settings name is told once for each level, and again by each reminder: a webhook has the same id each time.
 * Throws ApprovalVoided when that level of the submission waits no longer.
 */
export const handler = async ({ kind, id, level, taskToken, ...ref }: Task): Promise<void> => {
  const nowMs = Date.now();
  const { opened } = approvables[kind];
  const stored = await defs.get<never>(definitionOf(kind), id);
  const thing = stored && opened(stored.body, { ...ref, level }, taskToken);
  if (!stored || !thing)
    throw new ApprovalVoided(`Level ${level} of ${kind} ${id} is no longer in review as ${ref.hash}`);
  const version = stored.version + 1;
  const detail = thing.approval?.levels[level]?.name ?? '';
  const entry = { subject: `${kind}/${id}`, action: 'open', actor: MACHINE, atMs: nowMs, version, detail };
  const outbox = [{ effect: 'audit' as const, entry }];
  // A conflict is thrown: the state machine asks again, and then the thing says something newer.
  await saveDefinition(defs, definitionOf(kind), id, { ...thing, version }, stored.version, nowMs, outbox, sinks);
  await tellOfApproval(defs, WEBHOOK_QUEUE_URL, kind, thing);
};
