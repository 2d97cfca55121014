import type { AcceptedEvent } from '../../core/event/event.ts';
import { ANONYMOUS, hasAnonymousId, isAnonymous, isLogin, type Link } from '../../core/event/identity.ts';
import type { Identities, StoredLink } from '../adapters/identities.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import type { LinkPorts } from '../audience/link-alias.ts';

/** Anonymous ids that are worked on at once. */
const PARALLEL_ALIASES = 20;

export type Resolved = {
  /** As they were given, each with the profile that it counts for. */
  events: readonly AcceptedEvent[];
  /** Anonymous ids whose link could not be made or settled, and why: their events must come again. */
  failed: ReadonlyMap<string, unknown>;
};

/**
 * Says of each event whose it is, and links the anonymous ids that login events bring. An event without an anonymous id
 * costs nothing; of the others each id costs one read, or none once its link is settled. Running it twice is safe: the
 * first link of an id stays, and settling it again changes nothing. Throws when the links cannot be read at all.
 */
export const resolvePeople = async (ports: LinkPorts, events: readonly AcceptedEvent[]): Promise<Resolved> => {
  const failed = new Map<string, unknown>();
  const byAlias = Map.groupBy(events.filter(hasAnonymousId), ({ anonymousId }) => anonymousId);
  if (byAlias.size === 0) return { events, failed };

  const known = await ports.identities.getMany([...byAlias.keys()]);
  const owners = new Map<string, string>();
  await inParallel(PARALLEL_ALIASES, [...byAlias], async ([alias, own]) => {
    try {
      const link = await linkOf(ports, own, known.get(alias));
      if (link) owners.set(alias, link.profileId);
    } catch (error) {
      failed.set(alias, error);
    }
  });
  const resolved = events.map((event) => {
    const owner = isAnonymous(event.profileId) ? owners.get(event.anonymousId ?? '') : undefined;
    return owner === undefined ? event : { ...event, profileId: owner };
  });
  return { events: resolved, failed };
};

/** Loaded when the first link is made: most events need none. */
const linking = () => import('../audience/link-alias.ts');

/** The link of the anonymous id that all of these events name; made, if it has none, by the first login among them. */
const linkOf = async (
  ports: LinkPorts,
  events: readonly (AcceptedEvent & { anonymousId: string })[],
  stored: StoredLink | undefined,
): Promise<Link | undefined> => {
  const logins = events.filter(isLogin);
  const [first] = logins;
  if (stored && !stored.settled) await (await linking()).settleLink(ports, stored);
  const link =
    stored ??
    (first &&
      (await (
        await linking()
      ).linkAlias(ports, {
        alias: first.anonymousId,
        profileId: first.profileId,
        atMs: first.receivedMs,
      })));
  for (const named of new Set(logins.map(({ profileId }) => profileId))) {
    if (!link || named === link.profileId) continue;
    console.warn({ message: 'A second person on one device: the first link stays' });
  }
  return link;
};

/**
 * Who an anonymous person has turned out to be by now, if anybody. Ask after the windows of such a person were filled: a
 * login that was under way beside it may have merged the windows just before. With an answer, do the same events again
 * for that profile; nothing that they put into the anonymous windows is lost then. Strongly consistent: a login links
 * first and reads the windows second, so that one of the two sees the other.
 */
export const turnedOut = async (identities: Identities, profileId: string): Promise<string | undefined> =>
  isAnonymous(profileId) ? (await identities.get(profileId.slice(ANONYMOUS.length)))?.profileId : undefined;
