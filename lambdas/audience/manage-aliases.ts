import { routes } from '../../core/access/routes/aliases.ts';
import { profileId as personId } from '../../core/audience/profile.ts';
import { ANONYMOUS, anonymousProfileId, type Link } from '../../core/event/identity.ts';
import { putAudit } from '../adapters/audit.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { identities } from '../adapters/identities.ts';
import { leads } from '../adapters/leads.ts';
import { wakeSchedules } from '../adapters/schedules.ts';
import { timers } from '../adapters/timers.ts';
import { windows } from '../adapters/windows.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { refuseErased } from '../middleware/refuse-erased.ts';
import { linkAlias } from './link-alias.ts';
import { env } from './manage-aliases.env.ts';
import { mergeLeads } from './merge-leads.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, IDENTITIES_TABLE, WINDOWS_TABLE, IDENTITIES_STREAM, AUDIT_TABLE } = environment;
const refuse = refuseErased(erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN));
const links = identities(IDENTITIES_TABLE);
const leadPorts = {
  leads: leads(environment.LEADS_TABLE),
  timers: timers(environment.TIMERS_TABLE, wakeSchedules(environment), () => Date.now()),
  stagesQueueUrl: environment.STAGES_QUEUE_URL,
  definitions: definitions(DEFINITIONS_TABLE),
};
const ports = {
  identities: links,
  windows: windows(WINDOWS_TABLE),
  definitions: leadPorts.definitions,
  identitiesStream: IDENTITIES_STREAM,
  mergeLeads: (link: Link) => mergeLeads(leadPorts, link, Date.now()),
  segments: {
    membershipsTable: environment.MEMBERSHIPS_TABLE,
    intakeQueueUrl: environment.INTAKE_QUEUE_URL,
  },
};

/** Further ids of people. Running a change twice is safe: the first link of an alias stays. */
export const handler = apiHandler('audience/manage-aliases', routes, {
  linkAlias: async ({ params, body: { alias }, actor, nowMs }) => {
    const profileId = idOf(params.profileId);
    await refuse([profileId, anonymousProfileId(alias)]);
    const known = await links.get(alias);
    if (known) refuseOther(known, profileId);
    // The entry goes first: a link that nobody can account for is worse than an entry without its effect, which the
    // caller, having got an error, will repeat.
    const entry = { subject: `profile/${profileId}`, action: 'link-alias', actor, version: 0, detail: alias };
    if (!known) await putAudit(AUDIT_TABLE, { ...entry, atMs: nowMs });
    const link = await linkAlias(ports, { alias, profileId, atMs: nowMs });
    refuseOther(link, profileId);
    return { body: viewOf(link) };
  },

  getAlias: async ({ params }) => {
    const link = await links.get(idOf(params.alias));
    if (!link) throw new Problem('not-found', `Nobody is known by ${params.alias}`);
    return { body: viewOf(link) };
  },
});

const idOf = (value: string): string => {
  const id = personId.safeParse(value);
  if (!id.success)
    throw new Problem('not-found', `An id has 1 to 128 characters, and does not begin with ${ANONYMOUS}`);
  return id.data;
};

/** The answer does not say whose it is: who may write profiles may look it up. */
const refuseOther = (link: Link, profileId: string): void => {
  if (link.profileId !== profileId) {
    throw new Problem('alias-taken', `${link.alias} belongs to another profile; a link is for good`);
  }
};

const viewOf = ({ alias, profileId, atMs }: Link): Link => ({ alias, profileId, atMs });
