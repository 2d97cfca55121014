import { listChanged } from '../../core/audience/live/membership-change.ts';
import type { MembersChange } from '../../core/audience/membership.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import { putAudit } from './audit.ts';
import { type DefinitionKind, type Definitions, type Stored, VersionConflict } from './definitions.ts';
import type { OutboxEntry } from './outbox-entry.ts';

type Machine = Extract<OutboxEntry, { effect: 'start-execution' }>['machine'];

/** Where effects go. A handler names only what its own entries need. */
export type Sinks = {
  auditTable?: string;
  /** Firehose stream of the lake table `profiles`. */
  profilesStream?: string;
  /** Puts people into a list, or out of it (see list-members.ts). */
  changeMembers?: (change: MembersChange) => Promise<void>;
  intakeQueueUrl?: string;
  /** ARNs of state machines. */
  machines?: Partial<Record<Machine, string>>;
  /** Has compile-triggers run within two minutes (see schedules.ts). */
  compileSoon?: () => Promise<void>;
  /** URL of the queue of publish-stages. */
  stagesQueueUrl?: string;
  /** URL of the queue of advance-participants. */
  participantsQueueUrl?: string;
};

/**
 * Makes the effects of a write happen, in their order. Any of them may be published twice harmlessly; throws when one
 * cannot be published now, and then the sweep tries again. Step Functions, Firehose and SQS are loaded only when an entry
 * needs them: most API calls do not.
 */
export const publishOutbox = async (entries: readonly OutboxEntry[], sinks: Sinks): Promise<void> => {
  const rows = entries.flatMap((entry) => (entry.effect === 'profile-row' ? [entry.row] : []));
  if (rows.length > 0) {
    const { appendRows } = await import('./lake.ts');
    await appendRows(required(sinks.profilesStream, 'profilesStream'), rows);
  }
  for (const entry of entries) {
    if (entry.effect === 'audit') await putAudit(required(sinks.auditTable, 'auditTable'), entry.entry);
    if (entry.effect === 'start-execution') {
      const { startExecution } = await import('./executions.ts');
      await startExecution(
        required(sinks.machines?.[entry.machine], `machines.${entry.machine}`),
        entry.name,
        entry.input,
      );
    }
    if (entry.effect === 'list-members') {
      await required(sinks.changeMembers, 'changeMembers')(entry.change);
      await sendEvents(listChanged(entry.change), sinks);
    }
    if (entry.effect === 'own-event') await sendEvents([entry.event], sinks);
    if (entry.effect === 'compile-triggers') await compile(required(sinks.compileSoon, 'compileSoon'));
    if (entry.effect === 'stage-change') {
      const { sendStageChanges } = await import('./stage-queue.ts');
      await sendStageChanges(required(sinks.stagesQueueUrl, 'stagesQueueUrl'), [entry.change]);
    }
    if (entry.effect === 'participants') {
      const { sendAll } = await import('./queues.ts');
      const body = entry.message;
      await sendAll(required(sinks.participantsQueueUrl, 'participantsQueueUrl'), [{ body }]);
    }
    if (entry.effect === 'task-success') {
      const { sendTaskSuccess } = await import('./executions.ts');
      await sendTaskSuccess(entry.taskToken, entry.output);
    }
  }
};

/** It only makes matching faster (decision 0004), so it must never stand in the way of a pause. */
const compile = async (compileSoon: () => Promise<void>): Promise<void> => {
  try {
    await compileSoon();
  } catch (error) {
    console.warn({ message: 'The triggers are not compiled; the next change asks for it again', error: String(error) });
  }
};

/** Once what they tell of can be read. */
const sendEvents = async (events: readonly AcceptedEvent[], { intakeQueueUrl }: Sinks): Promise<void> => {
  const { sendOwnEvents } = await import('./own-events.ts');
  await sendOwnEvents(required(intakeQueueUrl, 'intakeQueueUrl'), events);
};

const required = <T>(value: T | undefined, name: string): T => {
  if (value === undefined) throw new Error(`publishOutbox was called without the sink ${name}`);
  return value;
};

/** How often a busy item is read again: an API call forgets its outbox within milliseconds of publishing it. */
const BUSY_READS = 20;

/** Waits until the outbox of the item's version `expected` is forgotten, or publishes it when its writer has died. */
const freeItem = async (defs: Definitions, kind: DefinitionKind, id: string, expected: number, sinks: Sinks) => {
  for (let read = 1; ; read += 1) {
    const current = await defs.get(kind, id);
    if (current?.version !== expected) return false;
    if (current.outbox.length === 0) return true;
    if (read < BUSY_READS) continue;
    await publishOutbox(current.outbox, sinks);
    await defs.clearOutbox(kind, id, expected);
    return true;
  }
};

/**
 * Writes version `expected + 1` with its outbox, publishes the outbox, forgets it. What cannot be published now is left to
 * sweep-outbox: it never fails the caller, whose write is done. Throws VersionConflict when the item is at another
 * version, or when an older outbox is in the way that cannot be published from here.
 */
export const saveDefinition = async <T>(
  defs: Definitions,
  kind: DefinitionKind,
  id: string,
  body: T,
  expected: number,
  nowMs: number,
  outbox: OutboxEntry[],
  sinks: Sinks,
): Promise<Stored<T>> => {
  const stored = await defs.put(kind, id, body, expected, nowMs, outbox).catch(async (conflict) => {
    if (!(conflict instanceof VersionConflict) || expected === 0) throw conflict;
    const free = await freeItem(defs, kind, id, expected, sinks).catch((error) => {
      console.warn({ message: 'An older outbox is in the way', kind, id, version: expected, error: String(error) });
      return false;
    });
    if (!free) throw conflict;
    return defs.put(kind, id, body, expected, nowMs, outbox);
  });
  if (outbox.length === 0) return stored;
  try {
    await publishOutbox(outbox, sinks);
    await defs.clearOutbox(kind, id, stored.version);
  } catch (error) {
    console.warn({
      message: 'The outbox stays for the sweep',
      kind,
      id,
      version: stored.version,
      error: String(error),
    });
  }
  return stored;
};

/**
 * Writes version 1. A thing with this id is what an earlier attempt of the same call made, for ids are random or come
 * from the call's Idempotency-Key: that one is given back as it now is.
 */
export const createDefinition = async <T>(
  defs: Definitions,
  kind: DefinitionKind,
  id: string,
  body: T,
  nowMs: number,
  outbox: OutboxEntry[],
  sinks: Sinks,
): Promise<Stored<T>> => {
  try {
    return await saveDefinition(defs, kind, id, body, 0, nowMs, outbox, sinks);
  } catch (error) {
    const earlier = error instanceof VersionConflict ? await defs.get<T>(kind, id) : undefined;
    if (!earlier) throw error;
    return earlier;
  }
};
