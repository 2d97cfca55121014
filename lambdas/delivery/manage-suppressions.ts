import { routes } from '../../core/access/routes/delivery.ts';
import { profileId as profileIdSchema } from '../../core/audience/profile.ts';
import { CHANNELS, type Channel } from '../../core/delivery/channel.ts';
import { putAudit } from '../adapters/audit.ts';
import { contacts } from '../adapters/contacts.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { suppressedPeople } from '../adapters/suppressed-people.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { refuseErased } from '../middleware/refuse-erased.ts';
import { env } from './manage-suppressions.env.ts';

const { CONTACTS_TABLE, AUDIT_TABLE, ERASURES_TABLE, ERASURE_KEY_ARN } = readEnv(env);
const states = contacts(CONTACTS_TABLE);
const people = suppressedPeople(CONTACTS_TABLE);
const refuse = refuseErased(erasedPeople(ERASURES_TABLE, ERASURE_KEY_ARN));

/** Whom not to write to, by hand. Running a change twice is safe: the same again changes nothing but the audit log. */
export const handler = apiHandler('delivery/manage-suppressions', routes, {
  listSuppressions: async ({ query: { channel, limit, cursor } }) => {
    const page = await people.list(limit, cursor);
    if (!page) throw new Problem('invalid-query', 'The cursor is not one that this route gave');
    const found = await states.getMany(page.profileIds, false);
    const items = page.profileIds.flatMap((profileId) => {
      const suppressed = found.get(profileId)?.suppressed ?? {};
      return channel && !suppressed[channel] ? [] : [{ profileId, suppressed }];
    });
    return { body: { items, ...(page.cursor && { cursor: page.cursor }) } };
  },

  suppressPerson: async ({ params, body: { note }, actor, nowMs }) => {
    const { profileId, channel } = namesOf(params);
    await refuse([profileId]);
    // The entry goes first: a suppression that nobody can account for is worse than an entry without its effect.
    await audit(profileId, 'suppress', `${channel}: ${note}`, actor, nowMs);
    await states.suppress(profileId, channel, { reason: 'manual', atMs: nowMs });
    return { body: await view(profileId) };
  },

  liftSuppression: async ({ params, body: { note }, actor, nowMs }) => {
    const { profileId, channel } = namesOf(params);
    const contact = await states.get(profileId);
    const before = contact.suppressed[channel];
    if (!before) throw new Problem('not-found', `${channel} is not suppressed for ${profileId}`);
    await audit(profileId, 'lift-suppression', `${channel}, ${before.reason}: ${note}`, actor, nowMs);
    if (!(await people.lift(contact, channel, nowMs)))
      throw new Problem('version-conflict', 'Something else changed the person just now; repeat the call');
    return { body: await view(profileId) };
  },
});

const namesOf = ({ profileId, channel: name }: { profileId: string; channel: string }) => {
  const id = profileIdSchema.safeParse(profileId);
  const channel = CHANNELS.find((one): one is Channel => one === name);
  if (!id.success)
    throw new Problem('not-found', 'A profile id has 1 to 128 characters, and does not begin with anonymous:');
  if (!channel) throw new Problem('not-found', `There is no channel ${name}; there are ${CHANNELS.join(', ')}`);
  return { profileId: id.data, channel };
};

const audit = (profileId: string, action: string, detail: string, actor: string, atMs: number): Promise<void> =>
  putAudit(AUDIT_TABLE, { subject: `profile/${profileId}`, action, actor, atMs, version: 0, detail });

const view = async (profileId: string) => ({ profileId, suppressed: (await states.get(profileId)).suppressed });
