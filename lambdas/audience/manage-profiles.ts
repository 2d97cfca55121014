import { routes } from '../../core/access/routes/profiles.ts';
import { profileChanged } from '../../core/audience/live/membership-change.ts';
import { ProfileTooLarge, profileId as profileIdSchema } from '../../core/audience/profile.ts';
import { consentRows } from '../../core/delivery/consent.ts';
import { putAudit } from '../adapters/audit.ts';
import { contacts } from '../adapters/contacts.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { profiles } from '../adapters/profiles.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { refuseErased } from '../middleware/refuse-erased.ts';
import { changeProfile } from './change-profile.ts';
import { env } from './manage-profiles.env.ts';

const environment = readEnv(env);
const { PROFILES_TABLE, CONTACTS_TABLE, PROFILES_STREAM, CONSENTS_STREAM, AUDIT_TABLE, INTAKE_QUEUE_URL } = environment;
const people = profiles(PROFILES_TABLE);
const contactStates = contacts(CONTACTS_TABLE);
const refuse = refuseErased(erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN));
const sinks = { auditTable: AUDIT_TABLE, profilesStream: PROFILES_STREAM, intakeQueueUrl: INTAKE_QUEUE_URL };

/** Profiles and consents. Running a change twice is safe: merging the same again, or agreeing again, changes nothing. */
export const handler = apiHandler('audience/manage-profiles', routes, {
  putProfile: async ({ params, body, actor, nowMs }) => {
    const profileId = idOf(params);
    await refuse([profileId]);
    try {
      return { body: await changeProfile({ profiles: people, sinks }, profileId, body, actor, nowMs) };
    } catch (error) {
      throw error instanceof ProfileTooLarge ? new Problem('body-too-large', error.message) : error;
    }
  },

  getProfile: async ({ params }) => {
    const stored = await people.get(idOf(params));
    if (!stored) throw new Problem('not-found', `There is no profile ${params.profileId}`);
    return { body: stored.profile };
  },

  putConsents: async ({ params, body: { consents }, actor, nowMs }) => {
    const profileId = idOf(params);
    await refuse([profileId]);
    const detail = Object.entries(consents).map(([key, given]) => `${key}: ${given ? 'yes' : 'no'}`);
    // The entry goes first: a consent that nobody can account for is worse than an entry without its effect, which the
    // caller, having got an error, will repeat.
    const entry = { subject: `profile/${profileId}`, action: 'consent', actor, atMs: nowMs, version: 0 };
    await putAudit(AUDIT_TABLE, { ...entry, detail: detail.join(', ').slice(0, 1_000) });
    await contactStates.setConsents(profileId, consents);
    const { appendRows } = await import('../adapters/lake.ts');
    await appendRows(CONSENTS_STREAM, consentRows(profileId, consents, { imported: false, atMs: nowMs }));
    const changed = Object.keys(consents).map((key) => `consents.${key}`);
    const { sendOwnEvents } = await import('../adapters/own-events.ts');
    await sendOwnEvents(INTAKE_QUEUE_URL, [profileChanged(profileId, nowMs, { changed })]);
    return { body: await contactView(profileId) };
  },

  getContact: async ({ params }) => ({ body: await contactView(idOf(params)) }),
});

const idOf = ({ profileId }: { profileId: string }): string => {
  const id = profileIdSchema.safeParse(profileId);
  if (!id.success) {
    throw new Problem('not-found', 'A profile id has 1 to 128 characters, and does not begin with anonymous:');
  }
  return id.data;
};

const contactView = async (profileId: string) => {
  const { consents, suppressed, touches } = await contactStates.get(profileId);
  return { profileId, consents, suppressed, touches: touches.map(([atSeconds]) => ({ atMs: atSeconds * 1_000 })) };
};
