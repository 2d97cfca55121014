import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { LeadState } from '../../core/audience/lead.ts';
import { isAnonymous } from '../../core/event/identity.ts';
import { batchGet, type Item } from './batch-get.ts';
import { dynamo } from './dynamo.ts';
import type { OutboxEntry } from './outbox-entry.ts';
import { queryAll } from './query-all.ts';
import { clearPending, putNext } from './versioned.ts';

export type LeadKey = { profileId: string; modelId: string };
/** A lead as it is stored. `outbox`: effects of its last writes that are not published yet. */
export type StoredLead = { state: LeadState; outbox: OutboxEntry[] };

/** The lead of somebody who has not signed in by then is of no use. */
const ANONYMOUS_SECONDS = 90 * 86_400;

const keyOf = ({ profileId, modelId }: LeadKey): Item => ({ profileId: { S: profileId }, modelId: { S: modelId } });
const placeOf = (modelId: string, stage: string): string => `${modelId}#${stage}`;

/** One item per person and lead model: the state as JSON, its version, its outbox. */
export const leads = (table: string) => ({
  /** Strongly consistent. */
  async get(key: LeadKey): Promise<StoredLead | undefined> {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true }));
    return Item && decode(Item);
  },

  /** All of a person. Strongly consistent. */
  async ofPerson(profileId: string): Promise<(StoredLead & { modelId: string })[]> {
    const found = await queryAll({
      TableName: table,
      KeyConditionExpression: 'profileId = :person',
      ExpressionAttributeValues: { ':person': { S: profileId } },
      ConsistentRead: true,
    });
    return found.map((item) => ({ ...decode(item), modelId: item.modelId?.S ?? '' }));
  },

  /**
   * Those whose stage has changed to this one, the newest change first. The index is behind by moments: who has moved on
   * since is left out. `cursor` is opaque.
   */
  async inStage(
    { modelId, stage }: { modelId: string; stage: string },
    limit: number,
    cursor?: string,
  ): Promise<{ items: (StoredLead & { profileId: string })[]; cursor?: string }> {
    const start = cursor === undefined ? undefined : startAt(cursor);
    const { Items = [], LastEvaluatedKey } = await dynamo.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'by-stage',
        KeyConditionExpression: 'place = :place',
        ExpressionAttributeValues: { ':place': { S: placeOf(modelId, stage) } },
        ScanIndexForward: false,
        Limit: limit,
        ...(start && {
          ExclusiveStartKey: {
            ...keyOf({ profileId: start.profileId, modelId }),
            place: { S: placeOf(modelId, stage) },
            sinceMs: { N: start.sinceMs },
          },
        }),
      }),
    );
    const people = Items.map((item) => item.profileId?.S ?? '');
    const read = new Map<string, StoredLead>();
    for await (const answer of batchGet(
      table,
      people.map((profileId) => keyOf({ profileId, modelId })),
    )) {
      for (const item of answer.Responses?.[table] ?? []) read.set(item.profileId?.S ?? '', decode(item));
    }
    const items = people.flatMap((profileId) => {
      const stored = read.get(profileId);
      return stored?.state.stage === stage ? [{ ...stored, profileId }] : [];
    });
    const { sinceMs, profileId } = LastEvaluatedKey ?? {};
    return { items, ...(LastEvaluatedKey && { cursor: `${sinceMs?.N}|${profileId?.S}` }) };
  },

  /**
   * Writes version `state.version + 1`. `outbox` must hold what an older version has not published yet, too. False when
   * somebody else wrote first: read again and decide again.
   */
  async save(key: LeadKey, { version, ...body }: LeadState, outbox: OutboxEntry[], nowMs: number): Promise<boolean> {
    const expiresAt = isAnonymous(key.profileId) && { N: String(Math.ceil(nowMs / 1_000) + ANONYMOUS_SECONDS) };
    const item = {
      ...keyOf(key),
      updatedMs: { N: String(nowMs) },
      body: { S: JSON.stringify(body) },
      // The index holds whoever has moved at all: everybody begins in the first stage, and most stay there.
      ...(body.changes > 0 && {
        place: { S: placeOf(key.modelId, body.stage) },
        sinceMs: { N: String(body.sinceMs) },
      }),
      ...(outbox.length > 0 && { outbox: { S: JSON.stringify(outbox) }, pending: { S: 'pending' } }),
      ...(expiresAt && { expiresAt }),
    };
    return putNext(table, item, version);
  },

  /** Forgets the outbox of exactly this version, once its effects are published. */
  clearOutbox: (key: LeadKey, version: number): Promise<void> => clearPending(table, keyOf(key), version),
});
export type Leads = ReturnType<typeof leads>;

const startAt = (cursor: string): { sinceMs: string; profileId: string } => {
  const bar = cursor.indexOf('|');
  return { sinceMs: cursor.slice(0, bar), profileId: cursor.slice(bar + 1) };
};

const decode = ({ version, body, outbox }: Item): StoredLead => ({
  state: { ...(JSON.parse(body?.S ?? '{}') as Omit<LeadState, 'version'>), version: Number(version?.N) },
  outbox: outbox?.S ? (JSON.parse(outbox.S) as OutboxEntry[]) : [],
});
