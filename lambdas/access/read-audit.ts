import { routes } from '../../core/access/routes/access.ts';
import { readAudit } from '../adapters/audit.ts';
import { apiHandler } from '../middleware/api.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './read-audit.env.ts';

const { AUDIT_TABLE } = readEnv(env);

/** The audit log. Only reads, so running it twice is safe. */
export const handler = apiHandler('access/read-audit', routes, {
  listAudit: async ({ query: { subject, day = '', limit, cursor } }) => ({
    body: await readAudit(AUDIT_TABLE, subject === undefined ? { day } : { subject }, limit, cursor),
  }),
});
