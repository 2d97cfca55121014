import { expect } from 'vitest';
import type { ListChange } from '../../../core/audience/list.ts';
import { call } from '../api-call.ts';
import { audienceWorld } from './audience-world.ts';

/** Lists on the local cloud, with thirty people p0 to p29. */
export const listWorld = async () => {
  const world = await audienceWorld();
  const { handler } = await import('../../../lambdas/audience/manage-lists.ts');
  const part = (await import('../../../lambdas/audience/change-list-part.ts')).handler as (
    task: object,
    context: { getRemainingTimeInMillis(): number },
  ) => Promise<{ done: boolean }>;
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const { listMembers } = await import('../../../lambdas/adapters/list-members.ts');
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  const people = profiles(process.env.PROFILES_TABLE ?? '');
  const savePerson = (profileId: string) =>
    people.save({ profile: { profileId, version: 1, updatedMs: 1, attributes: {} }, outbox: [] });
  for (let n = 0; n < 30; n += 1) await savePerson(`p${n}`);

  const request = (route: string, params: Record<string, string>, body?: object, query?: Record<string, string>) =>
    call(handler, { route, params, body, ...(query && { query }) });
  const get = (listId: string) => request('GET /v1/lists/{listId}', { listId });
  const change = async (changeId: string) =>
    (await request('GET /v1/list-changes/{changeId}', { changeId })).body as ListChange;
  return {
    broken: world.broken,
    started: world.started,
    put: world.put,
    stop: world.stop,
    part,
    defs: definitions(process.env.DEFINITIONS_TABLE ?? ''),
    savePerson,
    forever: { getRemainingTimeInMillis: () => 60_000 },
    /** Time is short at once: one batch a call. */
    onePage() {
      let calls = 0;
      return { getRemainingTimeInMillis: () => (calls++ === 0 ? 60_000 : 10_000) };
    },
    changeMembers: listMembers({
      table: process.env.MEMBERSHIPS_TABLE ?? '',
      stream: process.env.LIST_MEMBERS_STREAM ?? '',
    }),
    request,
    create: async (name: string) => ((await request('POST /v1/lists', {}, { name })).body as { id: string }).id,
    get,
    sizeOf: async (listId: string) => ((await get(listId)).body as { size: number }).size,
    add: (listId: string, profileIds: string[]) =>
      request('POST /v1/lists/{listId}/members', { listId }, { profileIds }),
    remove: (listId: string, profileIds: string[]) =>
      request('POST /v1/lists/{listId}/members/remove', { listId }, { profileIds }),
    del: (listId: string) => request('DELETE /v1/lists/{listId}', { listId }),
    async membersOf(listId: string) {
      const page = await request('GET /v1/lists/{listId}/members', { listId }, undefined, { limit: '100' });
      return (page.body as { items: { profileId: string }[] }).items.map(({ profileId }) => profileId);
    },
    inLake: async (listId: string) =>
      (
        await world.ask(`SELECT profile_id FROM (SELECT profile_id, member,
      row_number() OVER (PARTITION BY profile_id ORDER BY at_ms DESC, member) AS newest
      FROM list_members WHERE list_id = '${listId}') AS said WHERE newest = 1 AND member ORDER BY profile_id`)
      ).map(({ profile_id }) => profile_id),
    change,
    start: (changeId: string) => request('POST /v1/list-changes/{changeId}/start', { changeId }, {}),
    /** A change from a file, with the file uploaded. */
    async upload(listId: string, file: string, action = 'add') {
      const made = await request('POST /v1/lists/{listId}/uploads', { listId }, { action });
      const { id, uploadUrl } = made.body as { id: string; uploadUrl: string };
      expect((await fetch(uploadUrl, { method: 'PUT', body: file })).status).toBe(200);
      return { id, uploadUrl };
    },
    async workOff(changeId: string) {
      while (!(await part({ changeId }, { getRemainingTimeInMillis: () => 60_000 })).done);
      return change(changeId);
    },
  };
};
export type ListWorld = Awaited<ReturnType<typeof listWorld>>;
