import { routes } from '../../core/access/routes/inbox.ts';
import { definitions } from '../adapters/definitions.ts';
import { inbox } from '../adapters/inbox.ts';
import { sources } from '../adapters/sources.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-inbox.env.ts';

const { DEFINITIONS_TABLE, INBOX_TABLE } = readEnv(env);
const box = inbox(INBOX_TABLE);

/** In-app messages, for apps. Running a change twice is safe: the first time that a message was read counts. */
export const handler = apiHandler(
  'delivery/manage-inbox',
  routes,
  {
    listInboxMessages: async ({ params, query: { limit, cursor, unread }, nowMs }) => ({
      body: await box.page(idOf(params), { limit, cursor, unread: unread === 'true', nowMs }),
    }),

    markInboxMessageRead: async ({ params, nowMs }) => {
      const { messageId } = params;
      if (messageId.length > 64 || !(await box.markRead(idOf(params), messageId, nowMs))) {
        throw new Problem('not-found', 'There is no such message');
      }
      return {};
    },

    markInboxRead: async ({ params, body: { upTo }, nowMs }) => ({
      body: { marked: await box.markReadUpTo(idOf(params), upTo, nowMs) },
    }),
  },
  undefined,
  sources(definitions(DEFINITIONS_TABLE)),
);

/** A key of DynamoDB takes no empty text, and no more than this is an id of a person. */
const idOf = ({ profileId }: { profileId: string }): string => {
  if (profileId === '' || profileId.length > 128)
    throw new Problem('not-found', 'A profile id has 1 to 128 characters');
  return profileId;
};
