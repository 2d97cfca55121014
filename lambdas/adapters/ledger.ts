import { randomBytes } from 'node:crypto';
import {
  type AttributeValue,
  type ConditionalCheckFailedException,
  GetItemCommand,
  QueryCommand,
  type QueryCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { LedgerRecord } from '../../core/delivery/ledger.ts';
import { heardUnit } from '../../core/delivery/receipt-ref.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** Records are kept this long: longer than any queue may give a message back (14 days) and any redrive. */
const KEPT_SECONDS = 60 * 86_400;

export type LedgerKey = { run: string; unit: string };

type Item = Record<string, AttributeValue>;
const keyOf = ({ run, unit }: LedgerKey): Item => ({ run: { S: run }, unit: { S: unit } });

const decode = (item: Item): LedgerRecord => ({
  token: Number(item.token?.N),
  leaseUntilMs: Number(item.leaseUntilMs?.N),
  marks: item.marks?.S ?? '',
  ...(item.due?.S && { due: JSON.parse(item.due.S) as Record<number, number> }),
  ...(item.messageId?.S && { messageId: item.messageId.S }),
});

/** How far one part of a snapshot is: drained when as many batches are done as it has. */
export type PartProgress = { unit: string; batches: number; recipients: number; done: number };

/** Indexes of a batch's recipients of whom something was heard. Whoever has opened a message has also got it. */
export type Heard = { delivered: Set<number>; opened: Set<number> };

/** The ledger table: one item per batch and step, written a handful of times, each write one unit. */
export const ledger = (table: string) => {
  return {
    /**
     * `claimRecord` of core as one conditional update; `busy` when somebody else has it. Each claim has a name of its own:
     * the SDK repeats a request whose answer was lost, and is then refused by what it wrote itself.
     */
    async claim(key: LedgerKey, marks: string, nowMs: number, leaseMs: number): Promise<LedgerRecord | 'busy'> {
      const claim = randomBytes(6).toString('base64url');
      try {
        const { Attributes } = await dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: keyOf(key),
            UpdateExpression:
              'SET #token = if_not_exists(#token, :zero) + :one, #lease = :until, #marks = if_not_exists(#marks, :marks), #claim = :claim, #ttl = :ttl',
            ConditionExpression: 'attribute_not_exists(#token) OR #lease <= :now',
            ExpressionAttributeNames: {
              '#token': 'token',
              '#lease': 'leaseUntilMs',
              '#marks': 'marks',
              '#claim': 'claim',
              '#ttl': 'expiresAt',
            },
            ExpressionAttributeValues: {
              ':zero': { N: '0' },
              ':one': { N: '1' },
              ':now': { N: String(nowMs) },
              ':until': { N: String(nowMs + leaseMs) },
              ':marks': { S: marks },
              ':claim': { S: claim },
              ':ttl': { N: String(Math.floor(nowMs / 1_000) + KEPT_SECONDS) },
            },
            ReturnValues: 'ALL_NEW',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return decode(Attributes ?? {});
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
        const { Item } = error as ConditionalCheckFailedException;
        return Item?.claim?.S === claim ? decode(Item) : 'busy';
      }
    },

    /** The record as it is, if there is one. Strongly consistent. */
    async read(key: LedgerKey): Promise<LedgerRecord | undefined> {
      const { Item } = await dynamo.send(
        new GetItemCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true }),
      );
      return Item?.marks && decode(Item);
    },

    /** Writes the record, provided that its token is still the newest. Throws RetryLater when it is not. */
    async save(key: LedgerKey, record: LedgerRecord): Promise<void> {
      try {
        await dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: keyOf(key),
            UpdateExpression: `SET #lease = :lease, #marks = :marks${record.due ? ', due = :due' : ''}${record.messageId ? ', messageId = :id' : ''}`,
            ConditionExpression: '#token = :token',
            ExpressionAttributeNames: {
              '#token': 'token',
              '#lease': 'leaseUntilMs',
              '#marks': 'marks',
            },
            ExpressionAttributeValues: {
              ':token': { N: String(record.token) },
              ':lease': { N: String(record.leaseUntilMs) },
              ':marks': { S: record.marks },
              ...(record.due && { ':due': { S: JSON.stringify(record.due) } }),
              ...(record.messageId && { ':id': { S: record.messageId } }),
            },
          }),
        );
      } catch (error) {
        if (isConditionFailure(error)) throw new RetryLater(`The claim of ${key.run} ${key.unit} was taken over`);
        throw error;
      }
    },

    /** Notes that batches of a part have no recipient left. Repeating it changes nothing. */
    async batchesDone(key: LedgerKey, batches: readonly number[]): Promise<void> {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(key),
          UpdateExpression: 'ADD #done :batches',
          ExpressionAttributeNames: { '#done': 'done' },
          ExpressionAttributeValues: { ':batches': { NS: [...new Set(batches)].map(String) } },
        }),
      );
    },

    /** Notes of whom in a batch something was heard; `unit` as `heardUnit` names it. Repeating it changes nothing. */
    async noteHeard(key: LedgerKey, heard: Heard, nowMs: number): Promise<void> {
      const sets = (['delivered', 'opened'] as const).filter((name) => heard[name].size > 0);
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(key),
          UpdateExpression: `SET #ttl = :ttl ADD ${sets.map((name) => `#${name} :${name}`).join(', ')}`,
          ExpressionAttributeNames: {
            '#ttl': 'expiresAt',
            ...Object.fromEntries(sets.map((name) => [`#${name}`, name])),
          },
          ExpressionAttributeValues: {
            ':ttl': { N: String(Math.floor(nowMs / 1_000) + KEPT_SECONDS) },
            ...Object.fromEntries(sets.map((name) => [`:${name}`, { NS: [...heard[name]].map(String) }])),
          },
        }),
      );
    },

    /** What was heard of the batch whose record this is. Strongly consistent. */
    async heardOf({ run, unit }: LedgerKey): Promise<Heard> {
      const { Item } = await dynamo.send(
        new GetItemCommand({ TableName: table, Key: keyOf({ run, unit: heardUnit(unit) }), ConsistentRead: true }),
      );
      return { delivered: new Set(Item?.delivered?.NS?.map(Number)), opened: new Set(Item?.opened?.NS?.map(Number)) };
    },

    /** Says how large a part is, before any of its batches is sent. Repeating it keeps what is done. */
    async registerPart(
      key: LedgerKey,
      { batches, recipients }: Pick<PartProgress, 'batches' | 'recipients'>,
      nowMs: number,
    ): Promise<void> {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(key),
          UpdateExpression: 'SET #batches = :batches, #recipients = :recipients, #ttl = :ttl',
          ExpressionAttributeNames: { '#batches': 'batches', '#recipients': 'recipients', '#ttl': 'expiresAt' },
          ExpressionAttributeValues: {
            ':batches': { N: String(batches) },
            ':recipients': { N: String(recipients) },
            ':ttl': { N: String(Math.floor(nowMs / 1_000) + KEPT_SECONDS) },
          },
        }),
      );
    },

    /** All parts of a run, strongly consistent. */
    async parts(run: string): Promise<PartProgress[]> {
      const found: PartProgress[] = [];
      let from: Item | undefined;
      do {
        const page: QueryCommandOutput = await dynamo.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: '#run = :run AND begins_with(#unit, :part)',
            ExpressionAttributeNames: { '#run': 'run', '#unit': 'unit' },
            ExpressionAttributeValues: { ':run': { S: run }, ':part': { S: 'p#' } },
            ConsistentRead: true,
            ...(from && { ExclusiveStartKey: from }),
          }),
        );
        for (const item of page.Items ?? []) {
          const [batches, recipients] = [Number(item.batches?.N), Number(item.recipients?.N)];
          found.push({ unit: item.unit?.S ?? '', batches, recipients, done: item.done?.NS?.length ?? 0 });
        }
        from = page.LastEvaluatedKey;
      } while (from);
      return found;
    },
  };
};
export type Ledger = ReturnType<typeof ledger>;
