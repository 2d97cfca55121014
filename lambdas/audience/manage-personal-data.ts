import { routes } from '../../core/access/routes/personal-data.ts';
import type { Erasure } from '../../core/audience/erasure.ts';
import { exportKey, type PersonalExport } from '../../core/audience/personal-export.ts';
import { EXPORTED_STORES } from '../../core/audience/personal-stores.ts';
import { profileId as personId } from '../../core/audience/profile.ts';
import { ANONYMOUS, isAnonymous } from '../../core/event/identity.ts';
import { putAudit } from '../adapters/audit.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { erasures } from '../adapters/erasures.ts';
import { startExecution } from '../adapters/executions.ts';
import { identities } from '../adapters/identities.ts';
import { presign } from '../adapters/objects.ts';
import { createDefinition } from '../adapters/outbox.ts';
import { hasher } from '../adapters/person-hash.ts';
import { secretText } from '../adapters/secrets.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { refuseErased } from '../middleware/refuse-erased.ts';
import { env } from './manage-personal-data.env.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, ERASURES_TABLE, ERASURE_KEY_ARN, AUDIT_TABLE, IDEMPOTENCY_TABLE, WORK_BUCKET } = environment;
const { EXPORT_MACHINE_ARN, ERASE_MACHINE_ARN, CLEANSE_MACHINE_ARN } = environment;
const defs = definitions(DEFINITIONS_TABLE);
const links = identities(environment.IDENTITIES_TABLE);
const store = erasures(ERASURES_TABLE, hasher(() => secretText(ERASURE_KEY_ARN)).hash);
const refuse = refuseErased(erasedPeople(ERASURES_TABLE, ERASURE_KEY_ARN));
const sinks = { auditTable: AUDIT_TABLE, machines: { 'export-person': EXPORT_MACHINE_ARN } };

const URL_SECONDS = 3_600;

/**
 * Exports and erasures of people. Running a call twice is safe: an export is found again by its id, an erasure by its hash,
 * and both are carried out by executions whose names make them happen once.
 */
export const handler = apiHandler(
  'audience/manage-personal-data',
  routes,
  {
    exportPerson: async ({ params, actor, nowMs, newId: id }) => {
      const profileId = idOf(params.profileId);
      await refuse([profileId]);
      const created: PersonalExport = {
        ...{ id, version: 1, state: 'running', profileId, author: actor, createdMs: nowMs, attempt: 1 },
        progress: { done: 0, of: EXPORTED_STORES },
      };
      const entry = { subject: `profile/${profileId}`, action: 'export', actor, atMs: nowMs, version: 0, detail: '' };
      const stored = await createDefinition(
        defs,
        'export',
        id,
        created,
        nowMs,
        [
          { effect: 'audit', entry },
          { effect: 'start-execution', machine: 'export-person', name: id, input: { exportId: id } },
        ],
        sinks,
      );
      return { body: await viewOf(stored.body), headers: { location: `/v1/exports/${id}` } };
    },

    getExport: async ({ params: { exportId } }) => {
      const stored = await defs.get<PersonalExport>('export', exportId);
      if (!stored) throw new Problem('not-found', `There is no export ${exportId}`);
      return { body: await viewOf(stored.body) };
    },

    erasePerson: async ({ params, body: { reason }, actor, nowMs }) => {
      const profileId = idOf(params.profileId);
      if (isAnonymous(profileId) && (await links.get(profileId.slice(ANONYMOUS.length)))) {
        throw new Problem('state-conflict', 'This anonymous id belongs to a profile: erase that');
      }
      const id = await store.hash(profileId);
      const [running, person] = [await store.get(id), await store.person(id)];
      if (running?.state === 'running' && person) {
        await start(running);
        return { body: running };
      }
      const begun: Erasure = { id, reason, actor, requestedMs: nowMs, state: 'running', passes: 0 };
      // The entry goes first: an erasure that nobody can account for is worse than an entry without its effect.
      const entry = { subject: `erased/${id}`, action: 'erase', actor, atMs: nowMs, version: 0, detail: reason };
      await putAudit(AUDIT_TABLE, entry);
      await store.begin(begun, { id, profileId, aliases: [], addresses: [], requestedMs: nowMs });
      await start(begun);
      return { body: begun, headers: { location: `/v1/erasures/${id}` } };
    },

    getErasure: async ({ params: { erasureId } }) => {
      const found = await store.get(erasureId);
      if (!found) throw new Problem('not-found', `There is no erasure ${erasureId}`);
      return { body: found };
    },

    listErasures: async ({ query: { limit, cursor } }) => ({ body: await store.list(limit, cursor) }),

    runErasures: async ({ newId }) => {
      await startExecution(CLEANSE_MACHINE_ARN, newId, {});
      return {};
    },
  },
  IDEMPOTENCY_TABLE,
);

/** Named after the request: it happens once, and again when the person is erased again later. */
const start = ({ id, requestedMs }: Erasure): Promise<void> =>
  startExecution(ERASE_MACHINE_ARN, `${id}-${requestedMs}`, { erasureId: id });

/** A profile id, or `anonymous:` and an anonymous id. */
const idOf = (value: string): string => {
  const bare = isAnonymous(value) ? value.slice(ANONYMOUS.length) : value;
  if (!personId.safeParse(bare).success) throw new Problem('not-found', 'An id has 1 to 128 characters');
  return value;
};

const viewOf = async ({ profileId: _person, version: _version, attempt: _attempt, ...shown }: PersonalExport) => ({
  ...shown,
  ...(shown.state === 'finished' && {
    downloadUrl: await presign('GET', WORK_BUCKET, exportKey(shown.id), URL_SECONDS),
  }),
});
