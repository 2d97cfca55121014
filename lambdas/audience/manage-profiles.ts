import { routes } from '../../core/access/routes/profiles.ts';
import { deviceIdOf, devicesIn, platformOf } from '../../core/audience/device.ts';
import { type Profile, ProfileTooLarge, profileId as profileIdSchema } from '../../core/audience/profile.ts';
import { contacts } from '../adapters/contacts.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { profiles } from '../adapters/profiles.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { refuseErased } from '../middleware/refuse-erased.ts';
import { changeConsents } from './change-consents.ts';
import { changeProfile } from './change-profile.ts';
import { env } from './manage-profiles.env.ts';

const environment = readEnv(env);
const { PROFILES_TABLE, CONTACTS_TABLE, PROFILES_STREAM, CONSENTS_STREAM, AUDIT_TABLE, INTAKE_QUEUE_URL } = environment;
const people = profiles(PROFILES_TABLE);
const contactStates = contacts(CONTACTS_TABLE);
const refuse = refuseErased(erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN));
const statements = {
  contacts: contactStates,
  auditTable: AUDIT_TABLE,
  consentsStream: CONSENTS_STREAM,
  intakeQueueUrl: INTAKE_QUEUE_URL,
};
const sinks = { auditTable: AUDIT_TABLE, profilesStream: PROFILES_STREAM, intakeQueueUrl: INTAKE_QUEUE_URL };

/** Profiles and consents. Running a change twice is safe: merging the same again, or agreeing again, changes nothing. */
export const handler = apiHandler('audience/manage-profiles', routes, {
  putProfile: async ({ params, body, actor, nowMs }) => {
    const profileId = idOf(params);
    await refuse([profileId]);
    try {
      return { body: profileView(await changeProfile({ profiles: people, sinks }, profileId, body, actor, nowMs)) };
    } catch (error) {
      throw error instanceof ProfileTooLarge ? new Problem('body-too-large', error.message) : error;
    }
  },

  getProfile: async ({ params }) => {
    const stored = await people.get(idOf(params));
    if (!stored) throw new Problem('not-found', `There is no profile ${params.profileId}`);
    return { body: profileView(stored.profile) };
  },

  putConsents: async ({ params, body: { consents }, actor, nowMs }) => {
    const profileId = idOf(params);
    await refuse([profileId]);
    await changeConsents(statements, { profileId, consents, actor, nowMs });
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

/** Tokens are long, and secrets: the API tells the first, and of each device the id by which it is removed. */
const profileView = ({ pushToken, ...profile }: Profile) => {
  const lines = devicesIn(pushToken);
  if (lines.length === 0) return profile;
  const devices = lines.map((line) => ({ deviceId: deviceIdOf(line.token), platform: platformOf(line) }));
  return { ...profile, pushToken: lines[0]?.token, devices };
};

const contactView = async (profileId: string) => {
  const { consents, suppressed, touches } = await contactStates.get(profileId);
  return { profileId, consents, suppressed, touches: touches.map(([atSeconds]) => ({ atMs: atSeconds * 1_000 })) };
};
