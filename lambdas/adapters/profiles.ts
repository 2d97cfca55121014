import { type BatchGetItemCommandOutput, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Profile } from '../../core/audience/profile.ts';
import { batchGet, type Item, MAX_KEYS } from './batch-get.ts';
import { dynamo } from './dynamo.ts';
import { inParallel } from './in-parallel.ts';
import type { OutboxEntry } from './outbox-entry.ts';
import { clearPending, putNext } from './versioned.ts';

/** A profile as it is stored. */
export type StoredProfile = {
  profile: Profile;
  /** Effects of its last writes that are not published yet. */
  outbox: OutboxEntry[];
  /** Which part of which import wrote this version, if one did. */
  writtenBy?: string;
};

/**
 * So many profiles are read at once for decisions: an answer of 100 is so large that making it a string costs a sixth
 * of the decoding, and 50 are priced the same (bench/profile-decode.ts).
 */
export const MAX_READ = 50;
const PARALLEL_CALLS = 8;
const keyOf = (profileId: string): Item => ({ profileId: { S: profileId } });

/** The profiles table: one item per person, the profile as JSON, its version, its outbox. */
export const profiles = (table: string) => ({
  /** Strongly consistent. */
  async get(profileId: string): Promise<StoredProfile | undefined> {
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: { profileId: { S: profileId } }, ConsistentRead: true }),
    );
    return Item && decode(Item);
  },

  /** Strongly consistent: an import that finds nothing to change writes nothing, so no condition would tell a stale read. */
  async getMany(profileIds: readonly string[]): Promise<Map<string, StoredProfile>> {
    const unique = [...new Set(profileIds)];
    const found = new Map<string, StoredProfile>();
    for await (const answer of batchGet(table, unique.map(keyOf), { ConsistentRead: true })) {
      for (const item of answer.Responses?.[table] ?? []) found.set(item.profileId?.S ?? '', decode(item));
    }
    return found;
  },

  /**
   * Profiles without what is stored beside them, for whoever only looks: eventually consistent, and decoded in less than
   * twice the time of parsing the profile alone.
   */
  async readMany(profileIds: readonly string[]): Promise<Map<string, Profile>> {
    const unique = [...new Set(profileIds)];
    const found = new Map<string, Profile>();
    const options = { ProjectionExpression: 'body', size: MAX_READ };
    for await (const answer of batchGet(table, unique.map(keyOf), options)) {
      for (const profile of profilesIn(answer, table)) found.set(profile.profileId, profile);
    }
    return found;
  },

  /** Which of these people have a profile; strongly consistent. Ids must be valid ones. */
  async existing(profileIds: readonly string[]): Promise<Set<string>> {
    const unique = [...new Set(profileIds)];
    const found = new Set<string>();
    const calls = Array.from({ length: Math.ceil(unique.length / MAX_KEYS) }, (_, n) =>
      unique.slice(n * MAX_KEYS, (n + 1) * MAX_KEYS),
    );
    await inParallel(PARALLEL_CALLS, calls, async (ids) => {
      const options = { ProjectionExpression: 'profileId', ConsistentRead: true };
      for await (const { Responses } of batchGet(table, ids.map(keyOf), options)) {
        for (const item of Responses?.[table] ?? []) found.add(item.profileId?.S ?? '');
      }
    });
    return found;
  },

  /**
   * Writes the profile, provided that the item is still at the version before (1: that there is none). False when it is
   * not: read it again and merge again. `outbox` must hold what an older version has not published yet, too.
   */
  async save({ profile, outbox, writtenBy }: StoredProfile): Promise<boolean> {
    const { profileId, version, updatedMs } = profile;
    const item = {
      ...keyOf(profileId),
      updatedMs: { N: String(updatedMs) },
      body: { S: JSON.stringify(profile) },
      ...(writtenBy && { writtenBy: { S: writtenBy } }),
      ...(outbox.length > 0 && { outbox: { S: JSON.stringify(outbox) }, pending: { S: 'pending' } }),
    };
    return putNext(table, item, version - 1);
  },

  /** Forgets the outbox of exactly this version, once its effects are published. */
  clearOutbox: (profileId: string, version: number): Promise<void> => clearPending(table, keyOf(profileId), version),
});
export type Profiles = ReturnType<typeof profiles>;

/** The profiles in an answer to `readMany`. */
export const profilesIn = ({ Responses }: Pick<BatchGetItemCommandOutput, 'Responses'>, table: string): Profile[] =>
  (Responses?.[table] ?? []).map(({ body }) => JSON.parse(body?.S ?? 'null') as Profile);

const decode = (item: Item): StoredProfile => ({
  profile: JSON.parse(item.body?.S ?? 'null') as Profile,
  outbox: item.outbox?.S ? (JSON.parse(item.outbox.S) as OutboxEntry[]) : [],
  ...(item.writtenBy?.S && { writtenBy: item.writtenBy.S }),
});
