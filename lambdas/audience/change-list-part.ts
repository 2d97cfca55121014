import type { Context } from 'aws-lambda';
import { isProfileId, type List, type ListChange, MAX_IDS_PER_CALL, progressed } from '../../core/audience/list.ts';
import { membershipOfList } from '../../core/audience/membership.ts';
import { readIdsWindow, UnusableIds } from '../../core/audience/read-ids-window.ts';
import type { UnloadedRow } from '../../core/audience/segment-queries.ts';
import type { Snapshot } from '../../core/audience/snapshot.ts';
import { definitions, type Stored } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { gunzipLines } from '../adapters/lines.ts';
import { listMembers } from '../adapters/list-members.ts';
import { memberships } from '../adapters/memberships.ts';
import { isMissing, readObject } from '../adapters/objects.ts';
import { profiles } from '../adapters/profiles.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './change-list-part.env.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, PROFILES_TABLE, MEMBERSHIPS_TABLE, LIST_MEMBERS_STREAM, WORK_BUCKET } = environment;
const defs = definitions(DEFINITIONS_TABLE);
const people = profiles(PROFILES_TABLE);
const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
const members = memberships(MEMBERSHIPS_TABLE);
const changeMembers = listMembers({ table: MEMBERSHIPS_TABLE, stream: LIST_MEMBERS_STREAM });

/** Bytes of a file of ids that are in memory at once, and what a crash repeats: a few thousand ids. */
const WINDOW_BYTES = 65_536;
/** The part of the Lambda's time after which nothing new is begun. */
const TIME_SHARE = 0.6;

/** The change's item still carries the outbox of its start. */
class NotReady extends Error {
  override name = 'NotReady';
}

type Task = { changeId: string; failure?: { Error?: string; Cause?: string } };
/** Some of the ids that a change is about, and the place after them. */
type Batch = { ids: string[]; done: number; isLast: boolean };

/**
 * Task of change-list: goes on with a change of members until it ends or time is short; with `failure`, records why it
 * stopped. Running it twice is safe: the place is stored with what was counted, and statements that are made again are of
 * the same instant, so they change nothing and do not undo what was said since. (Of a list that is deleted nothing is to be
 * kept, so there they are of this moment.)
 */
export const handler = async (
  { changeId, failure }: Task,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ done: boolean }> => {
  const stored = await defs.get<ListChange>('list-change', changeId);
  if (!stored) throw new Error(`There is no change ${changeId}`);
  if (stored.body.state !== 'running') return { done: true };
  if (stored.outbox.length > 0) throw new NotReady(`Change ${changeId} is being started`);
  if (failure) return fail(stored, `Stopped by an error on our side: ${failure.Error ?? 'unknown'}`);

  const enoughMs = context.getRemainingTimeInMillis() * (1 - TIME_SHARE);
  let current = stored;
  try {
    for await (const batch of batchesOf(stored.body)) {
      const list = await defs.get<List>('list', stored.body.listId);
      if (stored.body.source !== 'deletion' && (!list || list.body.deletedMs)) {
        return await fail(current, 'The list was deleted');
      }
      current = await take(current, batch);
      if (batch.isLast) return { done: true };
      if (context.getRemainingTimeInMillis() <= enoughMs) return { done: false };
    }
  } catch (error) {
    if (error instanceof UnusableIds) return fail(current, error.message);
    throw error;
  }
  throw new Error(`Change ${changeId} has no last batch`);
};

/** Makes the statements about one batch and stores the place after it. */
const take = async (stored: Stored<ListChange>, { ids: given, done, isLast }: Batch): Promise<Stored<ListChange>> => {
  const { source, listId, action, atMs } = stored.body;
  // The history of a list does not name anybody who was erased.
  const isErased = source === 'deletion' ? () => false : await erased();
  const ids = given.map((id) => (isErased(id) ? '' : id));
  const known = source === 'deletion' ? new Set(ids) : await people.existing(ids.filter(isProfileId));
  const { change, accepted } = progressed(stored.body, ids, known, done);
  const nowMs = Date.now();
  // Who was added in the moment of the deletion was added after it began, and leaves all the same.
  const saidMs = source === 'deletion' ? nowMs : atMs;
  await changeMembers({ listId, member: action === 'add', profileIds: [...new Set(accepted)], atMs: saidMs });
  const after: ListChange = isLast ? { ...change, state: 'finished', finishedMs: nowMs } : change;
  return defs.put('list-change', change.id, after, stored.version, nowMs);
};

const batchesOf = (change: ListChange): AsyncGenerator<Batch> => {
  if (change.source === 'upload') return fileBatches(change);
  return change.source === 'snapshot' ? snapshotBatches(change) : memberBatches(change);
};

async function* fileBatches({ key = '', etag, done: from, total }: ListChange): AsyncGenerator<Batch> {
  if (total === 0) throw new UnusableIds('The file is empty');
  for (let done = from; ; ) {
    const last = Math.min(done + WINDOW_BYTES, total) - 1;
    const response = await readObject(WORK_BUCKET, key, [done, last]);
    if (response.headers.get('etag') !== etag) {
      await response.body?.cancel();
      throw new UnusableIds('The file was replaced after the start; start the change again to read the new one');
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    const { ids, taken } = readIdsWindow(bytes, { isFirst: done === 0, isLast: last === total - 1 });
    done += taken;
    yield { ids, done, isLast: done === total };
    if (done === total) return;
  }
}

/** Files of a snapshot cannot be entered in their middle: what is done is read over again, which is quick. */
async function* snapshotBatches({ snapshotId = '', done: from }: ListChange): AsyncGenerator<Batch> {
  const files = (await defs.get<Snapshot>('snapshot', snapshotId))?.body.files ?? [];
  let ids: string[] = [];
  let at = 0;
  for (const file of files) {
    for await (const line of gunzipLines(await snapshotFile(file))) {
      at += 1;
      if (at <= from) continue;
      ids.push((JSON.parse(line) as UnloadedRow).profile_id);
      if (ids.length < MAX_IDS_PER_CALL) continue;
      yield { ids, done: at, isLast: false };
      ids = [];
    }
  }
  yield { ids, done: at, isLast: true };
}

const snapshotFile = async (key: string): Promise<Response> => {
  try {
    return await readObject(WORK_BUCKET, key);
  } catch (error) {
    if (isMissing(error)) throw new UnusableIds('The files of the snapshot are gone: they are kept for 60 days');
    throw error;
  }
};

/**
 * Page after page, and from the first one again until the index, which is behind by a second or so, shows nobody. Who has
 * left is not found any more, so one that begins anew goes on.
 */
async function* memberBatches({ listId, done: from }: ListChange): AsyncGenerator<Batch> {
  let cursor: string | undefined;
  for (let done = from; ; ) {
    const page = await members.members(membershipOfList(listId), MAX_IDS_PER_CALL, cursor);
    const isLast = cursor === undefined && page.items.length === 0;
    done += page.items.length;
    cursor = page.cursor;
    yield { ids: page.items.map(({ profileId }) => profileId), done, isLast };
    if (isLast) return;
  }
}

const fail = async (stored: Stored<ListChange>, reason: string): Promise<{ done: boolean }> => {
  const nowMs = Date.now();
  const failed = { ...stored.body, version: stored.version + 1, state: 'failed' as const, reason, finishedMs: nowMs };
  await defs.put('list-change', stored.id, failed, stored.version, nowMs);
  return { done: true };
};
