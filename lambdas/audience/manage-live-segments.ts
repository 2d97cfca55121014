import { routes } from '../../core/access/routes/live-segments.ts';
import { isProfileId } from '../../core/audience/list.ts';
import { inState, type LiveSegment, wentLive, withRule } from '../../core/audience/live/live-segment.ts';
import { obstacles } from '../../core/audience/live/watched.ts';
import { membershipOfSegment, segmentOfMembership } from '../../core/audience/membership.ts';
import { treeOf } from '../adapters/audiences.ts';
import { definitions, type Stored, VersionConflict } from '../adapters/definitions.ts';
import { memberships } from '../adapters/memberships.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { profiles } from '../adapters/profiles.ts';
import type { NamedSegment } from '../adapters/segments.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-live-segments.env.ts';
import { orProblem } from './or-problem.ts';

const { DEFINITIONS_TABLE, PROFILES_TABLE, MEMBERSHIPS_TABLE, AUDIT_TABLE, REFRESH_MACHINE_ARN } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const people = profiles(PROFILES_TABLE);
const members = memberships(MEMBERSHIPS_TABLE);
const sinks = { auditTable: AUDIT_TABLE, machines: { 'refresh-segment': REFRESH_MACHINE_ARN } };

/** Each event is shown to all that ask for its type, and each profile that changes to all of them. */
const MAX_LIVE = 200;

/**
 * Live segments and their members. Running a call twice is safe: a rule that is in force stays in force, and a refresh is
 * named after the version that asked for it.
 */
export const handler = apiHandler('audience/manage-live-segments', routes, {
  goLive: async ({ params: { segmentId: id }, body, actor, nowMs }) => {
    const named = await load(id);
    const stored = await defs.get<LiveSegment>('live-segment', id);
    if (!isOn(stored)) await refuseTooMany();
    const rule = { name: named.name, segment: await treeOf(defs, named.segment, id).catch(orProblem) };
    const before = stored?.body ?? wentLive(id, rule, actor, nowMs);
    const ruled = withRule(before, rule, nowMs);
    const chain = ruled.version;
    const live = { ...ruled, ...body, chain, dueMs: nowMs };
    const start: OutboxEntry = {
      effect: 'start-execution',
      machine: 'refresh-segment',
      name: `${id}-${chain}`,
      input: { segmentId: id, chain, dueAt: new Date(nowMs).toISOString() },
    };
    return { body: viewOf(await save(live, 'go-live', actor, nowMs, [start])) };
  },

  getLive: async ({ params: { segmentId } }) => {
    const live = await loadLive(segmentId);
    return { body: { ...viewOf(live), size: await members.count(membershipOfSegment(segmentId)) } };
  },

  endLive: async ({ params: { segmentId }, actor, nowMs }) => {
    const live = await loadLive(segmentId);
    if (live.state !== 'off') await save(inState(live, 'off', nowMs), 'end-live', actor, nowMs, []);
    return {};
  },

  listSegmentMembers: async ({ params: { segmentId }, query: { limit, cursor } }) => {
    await loadLive(segmentId);
    return { body: await members.members(membershipOfSegment(segmentId), limit, cursor) };
  },

  segmentsOfProfile: async ({ params: { profileId } }) => {
    const known = isProfileId(profileId) && (await people.existing([profileId])).has(profileId);
    if (!known) throw new Problem('not-found', `There is no profile ${profileId}`);
    const found = await members.of(profileId);
    const items = await Promise.all(
      found.map(async ({ membership, sinceMs }) => {
        const segmentId = segmentOfMembership(membership);
        if (segmentId === undefined) return [];
        const stored = await defs.get<LiveSegment>('live-segment', segmentId);
        return stored && isOn(stored) ? [{ segmentId, name: stored.body.name, sinceMs }] : [];
      }),
    );
    return { body: { items: items.flat() } };
  },
});

const isOn = (stored: Stored<LiveSegment> | undefined): boolean => stored !== undefined && stored.body.state !== 'off';

const load = async (id: string): Promise<NamedSegment> => {
  const stored = await defs.get<NamedSegment>('segment', id);
  if (!stored) throw new Problem('not-found', `There is no segment ${id}`);
  return stored.body;
};

const loadLive = async (id: string): Promise<LiveSegment> => {
  const stored = await defs.get<LiveSegment>('live-segment', id);
  if (!stored) throw new Problem('not-found', `Segment ${id} has never been live`);
  return stored.body;
};

const refuseTooMany = async (): Promise<void> => {
  const on = (await defs.all<LiveSegment>('live-segment')).filter(isOn).length;
  if (on >= MAX_LIVE) throw new Problem('state-conflict', `${MAX_LIVE} segments are live already; turn one off first`);
};

const save = async (live: LiveSegment, action: string, actor: string, nowMs: number, effects: OutboxEntry[]) => {
  const { id, version, name, refresh } = live;
  const detail = action === 'go-live' ? `${name}, ${refresh}` : name;
  const entry = { subject: `segment/${id}`, action, actor, atMs: nowMs, version, detail };
  const outbox: OutboxEntry[] = [{ effect: 'audit', entry }, ...effects];
  try {
    return (await saveDefinition(defs, 'live-segment', id, live, version - 1, nowMs, outbox, sinks)).body;
  } catch (error) {
    if (!(error instanceof VersionConflict)) throw error;
    throw new Problem('version-conflict', `Segment ${id} is being changed by others; try again`);
  }
};

const viewOf = ({ id, segment, atOnce, dueMs, problem, ...live }: LiveSegment) => ({
  segmentId: id,
  name: live.name,
  version: live.version,
  state: live.state,
  refresh: live.refresh,
  announceFirst: live.announceFirst,
  reacts: atOnce ? ('at once' as const) : ('on schedule' as const),
  because: atOnce ? [] : obstacles(segment),
  nextRefreshMs: dueMs,
  ...(problem && { problem }),
});
