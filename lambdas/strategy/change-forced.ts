import type { Approvable, ApprovalRef } from '../../core/strategy/approval/approval.ts';
import type { ApprovableKind } from '../../core/strategy/approval/approval-settings.ts';
import { waitOf } from '../../core/strategy/approval/decisions.ts';
import type { ForceDecision } from '../../core/strategy/approval/in-force.ts';
import { type DefinitionKind, VersionConflict } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import type { Store } from './change-campaign.ts';

/** What is put in force by an approval, and stays until somebody stops it. */
export type ForcedKind = 'journey' | 'trigger' | 'template' | 'segment';
export type Named = Approvable & { name: string; hash?: string };
export type ForceRefusal = Extract<ForceDecision<never>, { kind: 'refuse' }>;

const ATTEMPTS = 5;
/** How the audit log calls it. */
const IN_FORCE: Record<ForcedKind, string> = {
  journey: 'publish',
  trigger: 'activate',
  template: 'put in force',
  segment: 'put in force',
};

/**
 * Loads it, decides, saves, publishes; decides again when somebody else was faster. Whoever waits for its approval is told when that is
 * over, and the triggers in force are compiled when they change. Gives the thing as it then is, or the refusal; undefined when there is none.
 * Throws VersionConflict when it stays contended.
 */
export const changeForced = async <T extends Named>(
  { defs, sinks }: Store,
  kind: ForcedKind,
  id: string,
  actor: string,
  nowMs: number,
  decide: (thing: T) => ForceDecision<T>,
  effects: (after: T) => OutboxEntry[] = () => [],
): Promise<T | ForceRefusal | undefined> => {
  for (let attempt = 1; ; attempt += 1) {
    const stored = await defs.get<T>(definitionOf(kind), id);
    if (!stored) return undefined;
    const decision = decide(stored.body);
    if (decision.kind === 'same') return decision.thing;
    if (decision.kind === 'refuse') return decision;
    const after = { ...decision.thing, version: stored.version + 1 };
    const action = decision.action === 'put in force' ? IN_FORCE[kind] : decision.action;
    const { detail } = decision;
    const entry = { subject: `${kind}/${id}`, action, actor, atMs: nowMs, version: after.version, detail };
    const outbox: OutboxEntry[] = [
      { effect: 'audit', entry },
      // It expires by the very wait that has ended, and who settles that may answer no token.
      ...(action === 'expire' ? [] : tellAsker(stored.body, after, action)),
      ...(kind === 'trigger' && inForce(stored.body) !== inForce(after)
        ? [{ effect: 'compile-triggers' as const }]
        : []),
      ...effects(after),
    ];
    try {
      return (await saveDefinition(defs, definitionOf(kind), id, after, stored.version, nowMs, outbox, sinks)).body;
    } catch (error) {
      if (!(error instanceof VersionConflict) || attempt === ATTEMPTS) throw error;
    }
  }
};

/** Where the approval of a kind is kept: that of a new template or rule apart from the one that is in force. */
export const definitionOf = (kind: ApprovableKind): DefinitionKind =>
  kind === 'template' || kind === 'segment' ? `${kind}-change` : kind;

export const isForceRefusal = (result: object): result is ForceRefusal =>
  'kind' in result && result.kind === 'refuse' && 'problem' in result;

/** Of a trigger: what it sends while it is active. */
const inForce = ({ state, hash }: Named): string => (state === 'active' ? (hash ?? '') : '');

const tellAsker = (before: Named, after: Named, outcome: string): OutboxEntry[] => {
  const taskToken = before.approval?.taskToken;
  return taskToken && !after.approval?.taskToken ? [{ effect: 'task-success', taskToken, output: { outcome } }] : [];
};

/** The state machine that waits for its approval, level after level; of what is approved already: that puts it in force whatever becomes of us. */
export const askForApproval = (kind: string, thing: Approvable, nowMs: number): OutboxEntry => {
  const { id, approval } = thing;
  if (!approval) throw new Error(`${kind} ${id} was submitted without an approval`);
  const ref: ApprovalRef = { hash: approval.hash, submission: approval.submission };
  const wait = waitOf(thing, ref, nowMs) ?? { level: approval.level, seconds: 1 };
  const name = `${id}-${ref.hash}-${ref.submission}`;
  return { effect: 'start-execution', machine: 'approve-plan', name, input: { kind, id, ...ref, wait } };
};
