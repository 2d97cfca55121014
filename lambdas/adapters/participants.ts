import { GetItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Participant, PastStep, Step } from '../../core/strategy/journey/participant.ts';
import { batchGet, type Item } from './batch-get.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';
import { putNext } from './versioned.ts';

export type ParticipantKey = { profileId: string; journeyId: string };

/** A participant as it is stored. `told`: what its last save has to tell the lake, which may not know it yet. */
export type StoredParticipant = { participant: Participant; told: readonly Step[] };

/**
 * Somebody who has never entered is remembered for so long after the last write: their goals count for a year and a day at most, what came
 * before an entry for a week. Who has entered stays, for the rules of re-entry.
 */
const OUTSIDER_SECONDS = 400 * 86_400;

const keyOf = ({ profileId, journeyId }: ParticipantKey): Item => ({
  profileId: { S: profileId },
  journeyId: { S: journeyId },
});

/**
 * Where people are in journeys: one item a person and journey. Up to 1 KB a write costs one unit, so names are left out where
 * there are many: steps are rows. Only those inside have `insideOf`, the key of the index by which they are found.
 */
export const participants = (table: string) => ({
  /** Strongly consistent. */
  async get(key: ParticipantKey): Promise<StoredParticipant | undefined> {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true }));
    return Item && decode(Item);
  },

  /** Strongly consistent: what is decided to change nothing is not written, so no condition would tell a stale read. */
  async getMany(keys: readonly ParticipantKey[]): Promise<(StoredParticipant | undefined)[]> {
    const found = new Map<string, StoredParticipant>();
    const unique = [...new Map(keys.map((key) => [nameOf(key), keyOf(key)])).values()];
    for await (const { Responses } of batchGet(table, unique, { ConsistentRead: true })) {
      for (const item of Responses?.[table] ?? []) {
        found.set(nameOf({ profileId: item.profileId?.S ?? '', journeyId: item.journeyId?.S ?? '' }), decode(item));
      }
    }
    return keys.map((key) => found.get(nameOf(key)));
  },

  /** Writes the version after `participant.version`. False when somebody else wrote first: read again and decide again. */
  save(key: ParticipantKey, { participant, told }: StoredParticipant): Promise<boolean> {
    const { version, pending, steps, ...rest } = participant;
    const isTold = ({ step }: PastStep) => told.some((one) => one.step === step);
    const item = {
      ...keyOf(key),
      body: {
        S: JSON.stringify({
          ...rest,
          steps: steps.filter((one) => !isTold(one)).map(rowOf),
          told: told.map((step) => toldRow(step, rest.hash)),
        }),
      },
      ...(rest.state === 'inside' && { insideOf: { S: key.journeyId } }),
      ...(rest.entry === 0 && { expiresAt: { N: String(Math.ceil(Date.now() / 1_000) + OUTSIDER_SECONDS) } }),
      ...(pending?.length && { pending: { S: JSON.stringify(pending) } }),
    };
    return putNext(table, item, version);
  },

  /** Forgets what exactly this version had to publish: a newer one has effects of its own. */
  async clearPending(key: ParticipantKey, version: number): Promise<void> {
    try {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(key),
          UpdateExpression: 'REMOVE pending',
          ConditionExpression: 'version = :version',
          ExpressionAttributeValues: { ':version': { N: String(version) } },
        }),
      );
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
    }
  },

  /** Ids of those inside a journey, by id, from an index that follows the table by a second or so. */
  async inside(journeyId: string, limit: number, cursor?: string): Promise<{ profileIds: string[]; cursor?: string }> {
    const { Items = [], LastEvaluatedKey } = await dynamo.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'by-journey',
        KeyConditionExpression: 'insideOf = :journey',
        ExpressionAttributeValues: { ':journey': { S: journeyId } },
        Limit: limit,
        ...(cursor !== undefined && {
          ExclusiveStartKey: { ...keyOf({ profileId: cursor, journeyId }), insideOf: { S: journeyId } },
        }),
      }),
    );
    const next = LastEvaluatedKey?.profileId?.S;
    return {
      profileIds: Items.map(({ profileId }) => profileId?.S ?? ''),
      ...(next !== undefined && { cursor: next }),
    };
  },
});
export type Participants = ReturnType<typeof participants>;

const nameOf = ({ profileId, journeyId }: ParticipantKey): string => `${journeyId} ${profileId}`;

type StepRow = [step: number, node: string, way: string, atMs: number];
const rowOf = ({ step, node, way, atMs }: PastStep): StepRow => [step, node, way, atMs];
const stepOf = ([step, node, way, atMs]: StepRow): PastStep => ({ step, node, way, atMs });

/** `hash` only where it is not the participant's: of somebody who has just moved to another version. */
type ToldRow = [...StepRow, kind: string, why: string, hash?: string];
const toldRow = ({ step, node, way, atMs, kind, why, hash }: Step, own: string): ToldRow => {
  return hash === own ? [step, node, way, atMs, kind, why] : [step, node, way, atMs, kind, why, hash];
};
const toldStep = ([step, node, way, atMs, kind, why, hash]: ToldRow, { entry, hash: own }: Body): Step => {
  return { entry, step, hash: hash ?? own, node, kind, way, why, atMs };
};

type Body = Omit<Participant, 'version' | 'pending' | 'steps'> & { steps: StepRow[]; told: ToldRow[] };
/** As many steps as a participant keeps: see advance. What was told last is among the newest. */
const KEPT_STEPS = 12;

const decode = ({ version, body, pending }: Item): StoredParticipant => {
  const stored = JSON.parse(body?.S ?? '{}') as Body;
  const { steps, told, ...rest } = stored;
  const newest = told.map(([step, node, way, atMs]) => stepOf([step, node, way, atMs]));
  const participant: Participant = {
    ...rest,
    version: Number(version?.N),
    steps: [...steps.map(stepOf), ...newest].slice(-KEPT_STEPS),
    ...(pending?.S && { pending: JSON.parse(pending.S) as NonNullable<Participant['pending']> }),
  };
  return { participant, told: told.map((row) => toldStep(row, stored)) };
};
