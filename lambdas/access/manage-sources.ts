import { randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import { routes } from '../../core/access/routes/access.ts';
import { apiKeyOf, type Source, secretHashOf } from '../../core/access/source.ts';
import { definitions } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-sources.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };

/**
 * Sources and their API keys. Running it twice: a second creation makes a second source with its own key (the first key
 * cannot be shown again), which harms nobody; a second revocation changes nothing.
 */
export const handler = apiHandler('access/manage-sources', routes, {
  createSource: async ({ body, actor, nowMs }) => {
    const id = ulid(nowMs);
    const secret = randomBytes(24).toString('base64url');
    const source: Source = { id, ...body, secretHash: secretHashOf(secret), createdBy: actor, createdMs: nowMs };
    await save(source, 1, 'create', actor, nowMs);
    return { body: { ...viewOf(source), apiKey: apiKeyOf(id, secret) }, headers: { location: `/v1/sources/${id}` } };
  },

  listSources: async ({ query: { limit, cursor } }) => {
    const page = await defs.list<Source>('source', limit, cursor);
    return { body: { ...page, items: page.items.map(({ body }) => viewOf(body)) } };
  },

  revokeSource: async ({ params, actor, nowMs }) => {
    const stored = await defs.get<Source>('source', params.sourceId);
    if (!stored) throw new Problem('not-found', `There is no source ${params.sourceId}`);
    if (stored.body.revokedMs !== undefined) return { body: viewOf(stored.body) };
    const revoked = { ...stored.body, revokedMs: nowMs };
    await save(revoked, stored.version + 1, 'revoke', actor, nowMs);
    return { body: viewOf(revoked) };
  },
});

const viewOf = ({ secretHash: _secret, ...shown }: Source) => shown;

const save = async (source: Source, version: number, action: string, actor: string, nowMs: number): Promise<void> => {
  const entry = { subject: `source/${source.id}`, action, actor, atMs: nowMs, version, detail: source.name };
  await saveDefinition(defs, 'source', source.id, source, version - 1, nowMs, [{ effect: 'audit', entry }], sinks);
};
