import { type ListChange, progressed } from '../../core/audience/list.ts';
import type { Snapshot } from '../../core/audience/snapshot.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { isMissing, objectHead, presign } from '../adapters/objects.ts';
import { createDefinition, type Sinks, saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { Problem } from '../middleware/problem.ts';

/** Presigned URLs are good for an hour. */
const URL_SECONDS = 3_600;

/** The changes of lists' members, from the API's side; change-list-part.ts works off the large ones. */
export const listChanges = ({ defs, sinks, bucket }: { defs: Definitions; sinks: Sinks; bucket: string }) => {
  const create = async (change: ListChange, outbox: OutboxEntry[]): Promise<ListChange> =>
    (await createDefinition(defs, 'list-change', change.id, change, change.createdMs, outbox, sinks)).body;

  return {
    /** Ids that came with a call: stored with what is to be done about them, which is done before this returns, or by the sweep. */
    async apply(
      id: string,
      listId: string,
      action: ListChange['action'],
      { profileIds, known }: { profileIds: readonly string[]; known: ReadonlySet<string> },
      actor: string,
      nowMs: number,
    ): Promise<void> {
      const start = newChange(id, listId, action, 'call', actor, nowMs);
      const { change, accepted } = progressed(start, profileIds, known, profileIds.length);
      const finished = {
        ...change,
        version: 1,
        total: profileIds.length,
        state: 'finished' as const,
        finishedMs: nowMs,
      };
      await create(finished, [
        audit(finished, actor, nowMs, `${finished.accepted} accepted, ${finished.refused} refused`),
        {
          effect: 'list-members',
          change: { listId, member: action === 'add', profileIds: [...new Set(accepted)], atMs: nowMs },
        },
      ]);
    },

    /** Throws `not-found`, and `state-conflict` when the snapshot is not finished. */
    async copy(
      id: string,
      listId: string,
      { snapshotId, action }: { snapshotId: string; action: ListChange['action'] },
      actor: string,
      nowMs: number,
    ) {
      const snapshot = (await defs.get<Snapshot>('snapshot', snapshotId))?.body;
      if (!snapshot) throw new Problem('not-found', `There is no snapshot ${snapshotId}`);
      if (snapshot.state !== 'finished') {
        const known = `The snapshot is ${snapshot.state}, as far as is known; reading it tells whether it has ended since`;
        throw new Problem('state-conflict', snapshot.state === 'running' ? known : 'The snapshot has failed');
      }
      const start = newChange(id, listId, action, 'snapshot', actor, nowMs);
      const change: ListChange = { ...start, state: 'running', snapshotId, total: snapshot.count ?? 0 };
      return view(await create(change, [audit(change, actor, nowMs, `snapshot ${snapshotId}`), startOf(change)]));
    },

    async upload(id: string, listId: string, action: ListChange['action'], actor: string, nowMs: number) {
      const key = `lists/${id}.txt`;
      const change: ListChange = { ...newChange(id, listId, action, 'upload', actor, nowMs), key };
      return { ...view(await create(change, [])), uploadUrl: await presign('PUT', bucket, key, URL_SECONDS) };
    },

    /** Starts an upload, or what has failed. The same file goes on where it stopped, another one begins at its start. */
    async start(change: ListChange, actor: string, nowMs: number) {
      if (change.state !== 'created' && change.state !== 'failed') {
        throw new Problem('state-conflict', `The change is ${change.state}`);
      }
      const { reason: _reason, finishedMs: _finished, ...rest } = change;
      const started: ListChange = {
        ...rest,
        ...(await fileOf(change)),
        version: change.version + 1,
        state: 'running',
        // Once for all attempts: a repeated row must say what it said.
        atMs: change.state === 'created' ? nowMs : change.atMs,
      };
      const outbox = [audit(started, actor, nowMs, started.source), startOf(started)];
      await saveDefinition(defs, 'list-change', change.id, started, change.version, nowMs, outbox, sinks);
      return view(started);
    },

    /** The change that empties a list which is to be deleted, and the effect that starts it. */
    async emptying(id: string, listId: string, total: number, actor: string, nowMs: number): Promise<OutboxEntry> {
      const start = newChange(id, listId, 'remove', 'deletion', actor, nowMs);
      return startOf(await create({ ...start, state: 'running', total }, []));
    },

    async load(id: string): Promise<ListChange> {
      const stored = await defs.get<ListChange>('list-change', id);
      if (!stored) throw new Problem('not-found', `There is no change ${id}`);
      return stored.body;
    },

    view,
  };

  /** What an upload says about its file: how long it is, and where to go on. */
  async function fileOf({ key, etag: before }: ListChange): Promise<Partial<ListChange>> {
    if (key === undefined) return {};
    const { bytes, etag } = await objectHead(bucket, key).catch((error: unknown) => {
      throw isMissing(error) ? new Problem('state-conflict', 'Upload the file to uploadUrl first') : error;
    });
    if (etag === before) return {};
    return { etag, total: bytes, done: 0, rows: 0, accepted: 0, refused: 0, refusals: [] };
  }
};

const newChange = (
  id: string,
  listId: string,
  action: ListChange['action'],
  source: ListChange['source'],
  author: string,
  nowMs: number,
): ListChange => ({
  ...{ id, version: 1, listId, action, source, state: 'created', author, createdMs: nowMs, atMs: nowMs },
  ...{ total: 0, done: 0, rows: 0, accepted: 0, refused: 0, refusals: [] },
});

const view = ({ key: _key, etag: _etag, atMs: _at, ...shown }: ListChange) => shown;

const startOf = ({ id, version }: ListChange): OutboxEntry => ({
  effect: 'start-execution',
  machine: 'change-list',
  name: `${id}-${version}`,
  input: { changeId: id },
});

const audit = (change: ListChange, actor: string, atMs: number, what: string): OutboxEntry => {
  const { listId, id, version, action } = change;
  const detail = `${what} (change ${id})`;
  return {
    effect: 'audit',
    entry: { subject: `list/${listId}`, action: `${action}-members`, actor, atMs, version, detail },
  };
};
