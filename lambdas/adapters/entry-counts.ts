import {
  type AttributeValue,
  QueryCommand,
  type QueryCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type EntryOutcome, entryRun } from '../../core/strategy/journey/entry-outcome.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import type { Counted } from '../../core/strategy/journey/participants-message.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

export type EntryCounts = Partial<Record<EntryOutcome, number>>;

/** A year and a month: the newest time of a schedule may be a year ago. */
const KEPT_SECONDS = 400 * 86_400;
/** Messages of one item, which has the numbers of those that it counts: 20 KB when it is full. */
const MESSAGES_PER_ITEM = 2_000;
const PREFIX = 'e#';
const COUNT = 'n_';

/** What became at the door of whom a journey has asked in: counted by message in the ledger, each message once. */
export const entryCounts = (table: string) => ({
  /** Repeating it changes nothing. */
  async count({ run, number }: Counted, counts: EntryCounts, nowMs: number): Promise<void> {
    const named = Object.entries(counts).filter(([, people]) => people > 0);
    const names = Object.fromEntries(named.map(([outcome], n) => [`#c${n}`, `${COUNT}${outcome}`]));
    const values = Object.fromEntries(named.map(([, people], n) => [`:c${n}`, { N: String(people) }]));
    try {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { run: { S: run }, unit: { S: `${PREFIX}${Math.floor(number / MESSAGES_PER_ITEM)}` } },
          UpdateExpression: `SET #ttl = :ttl ADD #messages :messages${named.map((_, n) => `, #c${n} :c${n}`).join('')}`,
          ConditionExpression: 'NOT contains(#messages, :message)',
          ExpressionAttributeNames: { '#ttl': 'expiresAt', '#messages': 'messages', ...names },
          ExpressionAttributeValues: {
            ':ttl': { N: String(Math.floor(nowMs / 1_000) + KEPT_SECONDS) },
            ':messages': { NS: [String(number)] },
            ':message': { N: String(number) },
            ...values,
          },
        }),
      );
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
    }
  },

  /** All that was counted of a run. Strongly consistent. */
  async countsOf(run: string): Promise<EntryCounts> {
    const counts: EntryCounts = {};
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page: QueryCommandOutput = await dynamo.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: '#run = :run AND begins_with(#unit, :prefix)',
          ExpressionAttributeNames: { '#run': 'run', '#unit': 'unit' },
          ExpressionAttributeValues: { ':run': { S: run }, ':prefix': { S: PREFIX } },
          ConsistentRead: true,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      for (const item of page.Items ?? []) {
        for (const [name, value] of Object.entries(item)) {
          if (!name.startsWith(COUNT)) continue;
          const outcome = name.slice(COUNT.length) as EntryOutcome;
          counts[outcome] = (counts[outcome] ?? 0) + Number(value.N);
        }
      }
      from = page.LastEvaluatedKey;
    } while (from);
    return counts;
  },
});

/** What became of those whom the newest time of a schedule has asked in; undefined: none has begun. */
export const outcomesOf = async (
  table: string,
  { id, series }: Pick<LiveJourney, 'id' | 'series'>,
): Promise<EntryCounts | undefined> => series?.last && entryCounts(table).countsOf(entryRun(id, series.last));
