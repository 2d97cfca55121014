import { profileId } from './profile.ts';

/** A manual set of people. Who is in it is kept apart (membership.ts). */
export type List = {
  id: string;
  version: number;
  name: string;
  author: string;
  createdMs: number;
  /** Set for good when it is deleted; its members are removed after that. */
  deletedMs?: number;
};

/** So many ids one call may bring. */
export const MAX_IDS_PER_CALL = 1_000;
/** JSON bytes of the ids of one call: they wait in one item, of at most 400 KB, until they are applied. */
export const MAX_CALL_BYTES = 300_000;
/** So many refused rows of a change are kept with their reason. */
export const MAX_LISTED_REFUSALS = 100;

export const MEMBER_REFUSALS = ['not-an-id', 'no-profile'] as const;
export type MemberRefusal = (typeof MEMBER_REFUSALS)[number];

/** One change of a list's members, which stays as its history. */
export type ListChange = {
  id: string;
  version: number;
  listId: string;
  action: 'add' | 'remove';
  /** `call`: the ids came with an API call; `deletion`: the list goes, and everybody leaves it. */
  source: 'call' | 'upload' | 'snapshot' | 'deletion';
  state: 'created' | 'running' | 'finished' | 'failed';
  author: string;
  createdMs: number;
  /** The instant of its statements, from its start: a person removed by hand since then is not added again. */
  atMs: number;
  snapshotId?: string;
  /** Object of an upload in the work bucket, and its tag at the start. */
  key?: string;
  etag?: string;
  /** Bytes of an upload, rows of a snapshot, members of a list that goes: how many there are and how many are done. */
  total: number;
  done: number;
  /** Rows of the file so far. */
  rows: number;
  accepted: number;
  refused: number;
  refusals: { row: number; profileId: string; reason: MemberRefusal }[];
  finishedMs?: number;
  reason?: string;
};

export const isProfileId = (id: string): boolean => profileId.safeParse(id).success;

/** Why an id cannot be a member, if it cannot. `known`: the ids among these that have a profile. */
export const refusalOf = (id: string, known: ReadonlySet<string>): MemberRefusal | undefined => {
  if (!isProfileId(id)) return 'not-an-id';
  return known.has(id) ? undefined : 'no-profile';
};

/** The change after some more of its rows, of which the first one is row `rows + 1`. `done` is where they end. */
export const progressed = (
  change: ListChange,
  ids: readonly string[],
  known: ReadonlySet<string>,
  done: number,
): { change: ListChange; accepted: string[] } => {
  const accepted: string[] = [];
  const refusals = [...change.refusals];
  for (const [n, id] of ids.entries()) {
    const reason = refusalOf(id, known);
    if (!reason) accepted.push(id);
    else if (refusals.length < MAX_LISTED_REFUSALS)
      refusals.push({ row: change.rows + n + 1, profileId: id.slice(0, 128).toWellFormed(), reason });
  }
  return {
    accepted,
    change: {
      ...change,
      version: change.version + 1,
      done,
      rows: change.rows + ids.length,
      accepted: change.accepted + accepted.length,
      refused: change.refused + ids.length - accepted.length,
      refusals,
    },
  };
};
