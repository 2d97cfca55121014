import { profileChanged } from '../../core/audience/live/membership-change.ts';
import { anonymousProfileId, identityRow, type Link } from '../../core/event/identity.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { mergeWindows, type WindowState } from '../../core/event/window.ts';
import type { Definitions } from '../adapters/definitions.ts';
import type { Identities, StoredLink } from '../adapters/identities.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { appendRows } from '../adapters/lake.ts';
import type { Windows } from '../adapters/windows.ts';
import { RetryLater } from '../middleware/retry-later.ts';

export type LinkPorts = {
  identities: Identities;
  windows: Windows;
  definitions: Definitions;
  /** Name of the stream of the lake table `identities`. */
  identitiesStream: string;
  /** Makes the leads of the anonymous person the profile's (see merge-leads.ts). */
  mergeLeads: (link: Link) => Promise<void>;
  segments: { membershipsTable: string; intakeQueueUrl: string };
};

/** A login and the events around it seldom meet in one window; many conflicts in a row mean that something is wrong. */
const MAX_CONFLICTS = 10;
/** Windows of a person that are merged at once. */
const PARALLEL_WINDOWS = 10;

/**
 * Links an alias to a profile, unless it has a link, and does what follows from the one that it then has. Running it
 * twice is safe: a link never changes, a merged window knows its events, and the lake counts an alias once.
 */
export const linkAlias = async (ports: LinkPorts, link: Link): Promise<Link> => {
  const stored = await ports.identities.put(link);
  await settleLink(ports, stored);
  return stored;
};

/**
 * What follows from a link: the windows and leads of the anonymous person become the profile's, and the lake learns whose
 * events those were. What a crash leaves undone is done by the next event that names the alias. It fires no trigger: the next
 * event does.
 */
export const settleLink = async (ports: LinkPorts, link: StoredLink): Promise<void> => {
  if (link.settled) return;
  const states = await ports.windows.ofPerson(anonymousProfileId(link.alias));
  await inParallel(PARALLEL_WINDOWS, states, ({ triggerId, state }) => mergeWindow(ports, link, triggerId, state));
  await ports.mergeLeads(link);
  await tellSegments(ports.segments, link);
  await appendRows(ports.identitiesStream, [identityRow(link)]);
  await ports.identities.settle(link);
};

/** Live segments that remember something of the anonymous person take it over through the intake queue. */
const tellSegments = async (
  { membershipsTable, intakeQueueUrl }: LinkPorts['segments'],
  { alias, profileId, atMs }: Link,
): Promise<void> => {
  const [{ segmentMembers }, { sendOwnEvents }] = await Promise.all([
    import('../adapters/segment-members.ts'),
    import('../adapters/own-events.ts'),
  ]);
  const remembered = await segmentMembers(membershipsTable).ofPerson(anonymousProfileId(alias));
  if (remembered.length === 0) return;
  await sendOwnEvents(intakeQueueUrl, [profileChanged(profileId, atMs, { alias })]);
};

/**
 * `merged` names the aliases that a window took over last: taking one over again would count twice what it holds as totals
 * only. Once is enough, for whatever is written to an anonymous window after the link is done again for the profile (see
 * turnedOut). A few are kept, because a name is of use only until its link is settled.
 */
type MergedState = WindowState & { merged?: readonly string[] };
const MAX_MERGED = 5;

/** Asks the table for the trigger: one that was activated a second ago may be in no cache yet. */
const mergeWindow = async (
  { windows, definitions }: LinkPorts,
  { alias, profileId }: Link,
  triggerId: string,
  from: WindowState,
): Promise<void> => {
  const trigger = (await definitions.get<Trigger>('trigger', triggerId))?.body;
  if (!trigger?.window) return;
  const key = { profileId, triggerId };
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const into: MergedState | undefined = await windows.get(key);
    const known = into?.definition === from.definition ? (into.merged ?? []) : [];
    if (known.includes(alias)) return;
    const result = mergeWindows({ ...trigger, window: trigger.window }, into, from);
    if (result.definition !== from.definition) return;
    const merged: MergedState = { ...result, merged: [...known, alias].slice(-MAX_MERGED) };
    if (await windows.save(key, merged)) return;
  }
  throw new RetryLater(`A window of ${triggerId} was changed ${MAX_CONFLICTS} times in a row`);
};
