import * as z from 'zod/mini';
import { MAX_IDS_PER_CALL, MEMBER_REFUSALS } from '../../audience/list.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { useView } from './uses.ts';

const name = z.string().check(z.minLength(1), z.maxLength(100));
const count = z.int();
const version = z.int().check(z.minimum(1));
const action = z.enum(['add', 'remove']);

const list = z.object({ id: z.string(), version: count, name: z.string(), author: z.string(), createdMs: count });
const listChange = z.object({
  id: z.string(),
  version: count,
  listId: z.string(),
  action,
  source: z.enum(['call', 'upload', 'snapshot', 'deletion']),
  state: z.enum(['created', 'running', 'finished', 'failed']),
  author: z.string(),
  createdMs: count,
  snapshotId: z.optional(z.string()),
  total: count,
  done: count,
  rows: count,
  accepted: count,
  refused: count,
  refusals: z.array(z.object({ row: count, profileId: z.string(), reason: z.enum(MEMBER_REFUSALS) })),
  finishedMs: z.optional(count),
  reason: z.optional(z.string()),
});
const someIds = z.strictObject({
  profileIds: z.array(z.string()).check(z.minLength(1), z.maxLength(MAX_IDS_PER_CALL)),
});
const memberResults = z.object({
  /** Absent when nobody was accepted. */
  changeId: z.optional(z.string()),
  accepted: count,
  refused: count,
  results: z.array(
    z.object({
      index: count,
      profileId: z.string(),
      status: z.enum(['accepted', 'refused']),
      reason: z.optional(z.enum(MEMBER_REFUSALS)),
    }),
  ),
});
const handler = 'audience/manage-lists';
const eachOnItsOwn =
  'Each id is accepted or refused on its own: `not-an-id`, or `no-profile` for somebody unknown. What is accepted is durable when the answer arrives, and happens within moments. Repeating a call is harmless.';

export const routes = [
  {
    operationId: 'createList',
    method: 'POST',
    path: '/v1/lists',
    summary: 'Make a list, a manual set of people',
    handler,
    roles: WRITERS,
    body: z.strictObject({ name }),
    example: { name: 'VIP' },
    create: true,
    success: { status: 201, schema: list, description: 'The list, empty' },
    errors: [],
  },
  {
    operationId: 'listLists',
    method: 'GET',
    path: '/v1/lists',
    summary: 'List the lists, newest first',
    description: 'A page may hold fewer than `limit`; only the last one has no cursor.',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(list), description: 'A page of lists' },
    errors: [],
  },
  {
    operationId: 'getList',
    method: 'GET',
    path: '/v1/lists/{listId}',
    summary: 'Read a list and its size',
    description: 'The size is counted, about a second behind the last change.',
    handler,
    roles: READERS,
    success: { status: 200, schema: z.extend(list, { size: count }), description: 'The list' },
    errors: ['not-found'],
  },
  {
    operationId: 'renameList',
    method: 'PUT',
    path: '/v1/lists/{listId}',
    summary: 'Rename a list',
    handler,
    roles: WRITERS,
    body: z.strictObject({ name, version }),
    example: { name: 'VIP customers', version: 1 },
    success: { status: 200, schema: list, description: 'The list as it now is' },
    errors: ['not-found', 'version-conflict'],
  },
  {
    operationId: 'deleteList',
    method: 'DELETE',
    path: '/v1/lists/{listId}',
    summary: 'Delete a list',
    description:
      'Refused while a segment, an audience or a campaign that is not over uses it; the problem’s `uses` names them. Everybody leaves it within minutes.',
    handler,
    roles: WRITERS,
    success: { status: 204, description: 'It is gone' },
    errors: ['not-found', 'in-use', 'version-conflict'],
  },
  {
    operationId: 'getListUses',
    method: 'GET',
    path: '/v1/lists/{listId}/uses',
    summary: 'Read where a list is used',
    handler,
    roles: READERS,
    success: { status: 200, schema: z.object({ items: z.array(useView) }), description: 'What uses it' },
    errors: ['not-found'],
  },
  {
    operationId: 'addListMembers',
    method: 'POST',
    path: '/v1/lists/{listId}/members',
    summary: 'Add 1 to 1,000 people to a list',
    description: eachOnItsOwn,
    handler,
    roles: WRITERS,
    body: someIds,
    example: { profileIds: ['ada', 'bob'] },
    success: { status: 200, schema: memberResults, description: 'What became of each id, in order' },
    errors: ['not-found', 'body-too-large'],
  },
  {
    operationId: 'removeListMembers',
    method: 'POST',
    path: '/v1/lists/{listId}/members/remove',
    summary: 'Remove 1 to 1,000 people from a list',
    description: eachOnItsOwn,
    handler,
    roles: WRITERS,
    body: someIds,
    example: { profileIds: ['ada'] },
    success: { status: 200, schema: memberResults, description: 'What became of each id, in order' },
    errors: ['not-found', 'body-too-large'],
  },
  {
    operationId: 'listMembers',
    method: 'GET',
    path: '/v1/lists/{listId}/members',
    summary: 'Page through the members of a list, by id',
    handler,
    roles: READERS,
    query: listQuery,
    success: {
      status: 200,
      schema: pageOf(z.object({ profileId: z.string(), sinceMs: count })),
      description: 'A page of members, and since when they are',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'copySnapshotToList',
    method: 'POST',
    path: '/v1/lists/{listId}/copies',
    summary: 'Add the recipients of a snapshot to a list, or remove them',
    handler,
    roles: WRITERS,
    body: z.strictObject({ snapshotId: z.string().check(z.maxLength(64)), action: z._default(action, 'add') }),
    example: { snapshotId: '01JXSNAPSHOT', action: 'add' },
    create: true,
    success: { status: 201, schema: listChange, description: 'The change, running' },
    errors: ['not-found', 'state-conflict'],
  },
  {
    operationId: 'createListUpload',
    method: 'POST',
    path: '/v1/lists/{listId}/uploads',
    summary: 'Prepare a file of ids that are to be added to a list, or removed',
    description:
      'Then PUT the file to `uploadUrl` within an hour (UTF-8, one profile id a line, no header), and start the change.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ action: z._default(action, 'add') }),
    example: { action: 'add' },
    create: true,
    success: {
      status: 201,
      schema: z.extend(listChange, { uploadUrl: z.string() }),
      description: 'The change, and where its file goes',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'startListChange',
    method: 'POST',
    path: '/v1/list-changes/{changeId}/start',
    summary: 'Start a change whose file is uploaded, or one that failed',
    description: 'One that failed goes on where it stopped, or begins again when another file was uploaded.',
    handler,
    roles: WRITERS,
    body: z.strictObject({}),
    success: { status: 200, schema: listChange, description: 'The change, running' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'getListChange',
    method: 'GET',
    path: '/v1/list-changes/{changeId}',
    summary: 'Read how a change of a list goes',
    description: '`refusals` names the first 100 rows that were refused, and why.',
    handler,
    roles: READERS,
    success: { status: 200, schema: listChange, description: 'The change' },
    errors: ['not-found'],
  },
  {
    operationId: 'listsOfProfile',
    method: 'GET',
    path: '/v1/profiles/{profileId}/lists',
    summary: 'Read which lists a person is in',
    handler,
    roles: READERS,
    success: {
      status: 200,
      schema: z.object({ items: z.array(z.object({ id: z.string(), name: z.string(), sinceMs: count })) }),
      description: 'The lists',
    },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
