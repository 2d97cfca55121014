import { routes } from '../../core/access/routes/lists.ts';
import { isProfileId, type List, MAX_CALL_BYTES, refusalOf } from '../../core/audience/list.ts';
import { listOfMembership, membershipOfList } from '../../core/audience/membership.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { listMembers } from '../adapters/list-members.ts';
import { memberships } from '../adapters/memberships.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { profiles } from '../adapters/profiles.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { listChanges } from './list-changes.ts';
import { env } from './manage-lists.env.ts';
import { refuseIfUsed, usesOf } from './uses.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, IDEMPOTENCY_TABLE, WORK_BUCKET } = environment;
const defs = definitions(DEFINITIONS_TABLE);
const people = profiles(environment.PROFILES_TABLE);
const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
const members = memberships(environment.MEMBERSHIPS_TABLE);
const sinks = {
  auditTable: environment.AUDIT_TABLE,
  intakeQueueUrl: environment.INTAKE_QUEUE_URL,
  machines: { 'change-list': environment.CHANGE_LIST_MACHINE_ARN },
  changeMembers: listMembers({ table: environment.MEMBERSHIPS_TABLE, stream: environment.LIST_MEMBERS_STREAM }),
};
const changes = listChanges({ defs, sinks, bucket: WORK_BUCKET });

/**
 * Lists and their members. Running a call twice is safe: a rename names the version that it changes, and of repeated
 * statements about a member the newest counts. What a call has accepted is stored first, in one item, and then applied to
 * the table and the lake: what a crash leaves, the sweep applies.
 */
export const handler = apiHandler(
  'audience/manage-lists',
  routes,
  {
    createList: async ({ body: { name }, actor, nowMs, newId: id }) => {
      const list: List = { id, version: 1, name, author: actor, createdMs: nowMs };
      const outbox = [audit(list, 'create', actor, nowMs)];
      const { body } = await createDefinition(defs, 'list', id, list, nowMs, outbox, sinks);
      return { body, headers: { location: `/v1/lists/${id}` } };
    },

    listLists: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<List>('list', limit, cursor);
      return { body: { ...page, items: page.items.map(({ body }) => body).filter((list) => !list.deletedMs) } };
    },

    getList: async ({ params: { listId } }) => {
      const list = await load(listId);
      return { body: { ...list, size: await members.count(membershipOfList(listId)) } };
    },

    renameList: async ({ params: { listId }, body: { name, version }, actor, nowMs }) => {
      const list = await load(listId);
      if (list.version !== version) {
        throw new Problem('version-conflict', `The list is at version ${list.version}, not ${version}`);
      }
      const renamed = { ...list, version: version + 1, name };
      const outbox = [audit(renamed, 'update', actor, nowMs)];
      return { body: (await saveDefinition(defs, 'list', listId, renamed, version, nowMs, outbox, sinks)).body };
    },

    deleteList: async ({ params: { listId }, actor, nowMs, newId }) => {
      const list = await load(listId);
      await refuseIfUsed(defs, 'list', { listId });
      const total = await members.count(membershipOfList(listId));
      const start = await changes.emptying(newId, listId, total, actor, nowMs);
      const deleted = { ...list, version: list.version + 1, deletedMs: nowMs };
      const outbox = [audit(deleted, 'delete', actor, nowMs), start];
      await saveDefinition(defs, 'list', listId, deleted, list.version, nowMs, outbox, sinks);
      return {};
    },

    getListUses: async ({ params: { listId } }) => {
      await load(listId);
      return { body: { items: await usesOf(defs, { listId }) } };
    },

    addListMembers: async ({ params, body, actor, nowMs, newId }) =>
      changeMembers(await load(params.listId), 'add', body.profileIds, actor, nowMs, newId),

    removeListMembers: async ({ params, body, actor, nowMs, newId }) =>
      changeMembers(await load(params.listId), 'remove', body.profileIds, actor, nowMs, newId),

    listMembers: async ({ params: { listId }, query: { limit, cursor } }) => {
      await load(listId);
      return { body: await members.members(membershipOfList(listId), limit, cursor) };
    },

    copySnapshotToList: async ({ params, body, actor, nowMs, newId }) => {
      const { id } = await load(params.listId);
      return { body: await changes.copy(newId, id, body, actor, nowMs) };
    },

    createListUpload: async ({ params, body, actor, nowMs, newId }) => {
      const { id } = await load(params.listId);
      return { body: await changes.upload(newId, id, body.action, actor, nowMs) };
    },

    startListChange: async ({ params, actor, nowMs }) => {
      const change = await changes.load(params.changeId);
      // The list of a deletion is gone; those who are still in it are to leave.
      if (change.source !== 'deletion') await load(change.listId);
      return { body: await changes.start(change, actor, nowMs) };
    },

    getListChange: async ({ params }) => ({ body: changes.view(await changes.load(params.changeId)) }),

    listsOfProfile: async ({ params: { profileId } }) => {
      const known = isProfileId(profileId) && (await people.existing([profileId])).has(profileId);
      if (!known) throw new Problem('not-found', `There is no profile ${profileId}`);
      const found = await members.of(profileId);
      const items = await Promise.all(
        found.map(async ({ membership, sinceMs }) => {
          const id = listOfMembership(membership);
          const list = id === undefined ? undefined : (await defs.get<List>('list', id))?.body;
          return list && !list.deletedMs ? [{ id: list.id, name: list.name, sinceMs }] : [];
        }),
      );
      return { body: { items: items.flat() } };
    },
  },
  IDEMPOTENCY_TABLE,
);

const load = async (id: string): Promise<List> => {
  const stored = await defs.get<List>('list', id);
  if (!stored || stored.body.deletedMs) throw new Problem('not-found', `There is no list ${id}`);
  return stored.body;
};

const changeMembers = async (
  { id: listId }: List,
  action: 'add' | 'remove',
  profileIds: readonly string[],
  actor: string,
  nowMs: number,
  changeId: string,
) => {
  const bytes = Buffer.byteLength(JSON.stringify(profileIds));
  if (bytes > MAX_CALL_BYTES) {
    throw new Problem('body-too-large', `The ids have ${bytes} bytes of JSON; a call takes ${MAX_CALL_BYTES}`);
  }
  const known = await people.existing(profileIds.filter(isProfileId));
  const results = profileIds.map((profileId, index) => {
    const reason = refusalOf(profileId, known);
    const shown = profileId.slice(0, 128).toWellFormed();
    return { index, profileId: shown, ...(reason ? { status: 'refused', reason } : { status: 'accepted' }) };
  });
  const refused = results.filter(({ status }) => status === 'refused').length;
  const answer = { accepted: results.length - refused, refused, results };
  if (answer.accepted === 0) return { body: answer };
  // The history of a list does not name anybody who was erased.
  const isErased = await erased();
  const named = profileIds.map((id) => (isErased(id) ? '' : id));
  await changes.apply(changeId, listId, action, { profileIds: named, known }, actor, nowMs);
  return { body: { changeId, ...answer } };
};

const audit = ({ id, version, name }: List, action: string, actor: string, atMs: number): OutboxEntry => ({
  effect: 'audit',
  entry: { subject: `list/${id}`, action, actor, atMs, version, detail: name },
});
