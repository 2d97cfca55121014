import { routes } from '../../core/access/routes/explanations.ts';
import { explain } from '../../core/audience/explain.ts';
import type { List } from '../../core/audience/list.ts';
import { isProfileId } from '../../core/audience/list.ts';
import { listOfMembership } from '../../core/audience/membership.ts';
import { peopleRefOf } from '../../core/audience/people-ref.ts';
import { personEventsQuery, seenEvent } from '../../core/audience/person-events-query.ts';
import { referencesOf } from '../../core/audience/references.ts';
import type { ResolvedSegment } from '../../core/audience/segment.ts';
import { segmentText } from '../../core/audience/segment-text.ts';
import { queries } from '../adapters/athena.ts';
import { peopleOf } from '../adapters/audiences.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions } from '../adapters/definitions.ts';
import { memberships } from '../adapters/memberships.ts';
import { profiles } from '../adapters/profiles.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './explain-membership.env.ts';
import { orProblem } from './or-problem.ts';
import { failure } from './query-failure.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const people = profiles(environment.PROFILES_TABLE);
const contactStates = contacts(environment.CONTACTS_TABLE);
const members = memberships(environment.MEMBERSHIPS_TABLE);
const lake = queries({ workGroup: environment.ATHENA_WORK_GROUP, database: environment.GLUE_DATABASE });

/** The HTTP API gives up after 30 s. */
const WAIT_MS = 22_000;

/** Says why somebody is in a segment or not. Running it twice is safe: it only reads. */
export const handler = apiHandler('audience/explain-membership', routes, {
  explainSegment: async ({ body, nowMs }) => {
    const { profileId } = body;
    const stored = isProfileId(profileId) ? await people.get(profileId) : undefined;
    if (!stored) throw new Problem('not-found', `There is no profile ${profileId}`);
    const { tree } = await peopleOf(defs, peopleRefOf(body)).catch(orProblem);
    const [contact, memberOf, history, listNames] = await Promise.all([
      contactStates.get(profileId),
      members.of(profileId),
      eventsOf(tree, profileId, nowMs),
      namesOf(tree),
    ]);
    const lists = new Set(memberOf.flatMap(({ membership }) => listOfMembership(membership) ?? []));
    const person = { profile: stored.profile, events: history?.events ?? [], consents: contact.consents, lists };
    const explanation = explain(tree, person, nowMs, { lists: listNames, eventsFromMs: history?.fromMs });
    return {
      body: {
        ...{ profileId, member: explanation.holds, text: segmentText(tree), explanation },
        asOf: new Date(nowMs).toISOString(),
        ...(history && {
          events: {
            count: history.events.length,
            complete: history.complete,
            scannedBytes: history.scannedBytes,
          },
        }),
      },
    };
  },
});

const eventsOf = async (tree: ResolvedSegment, profileId: string, nowMs: number) => {
  const query = personEventsQuery(tree, profileId, nowMs);
  if (query === undefined) return undefined;
  const id = await lake.start(query.sql);
  const settled = await lake.settled(id, WAIT_MS);
  if (settled.state === 'running') throw new Problem('unavailable', 'The lake is busy; try again', { retryAfter: 10 });
  if (settled.state === 'failed') throw failure(settled, environment.QUERY_CUTOFF_BYTES);
  const rows = await lake.rows(id);
  const events = rows.map(seenEvent);
  const complete = events.length >= Number(rows[0]?.total ?? 0);
  // The newest come first: of what is older than the last of many nothing is known.
  const fromMs = complete ? query.fromMs : events.at(-1)?.timeMs;
  return { events, complete, fromMs, scannedBytes: settled.scannedBytes };
};

const namesOf = async (tree: ResolvedSegment): Promise<Map<string, string>> => {
  const lists = await Promise.all(referencesOf(tree).lists.map((id) => defs.get<List>('list', id)));
  return new Map(lists.flatMap((list) => (list ? [[list.id, list.body.name] as const] : [])));
};
