import { type AttributeValue, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** A line is as long as a journey may last, 366 days at most: a clock that is forgotten earlier would let two crowds through at once. */
const KEPT_SECONDS = 400 * 86_400;
/** Workers seldom change in the same moment whether anybody stands in line; many times in a row means that something is wrong. */
const ATTEMPTS = 10;

const number = (value: number): AttributeValue => ({ N: String(value) });
/** To the microsecond, which DynamoDB adds up exactly; never too short. */
const lengthMs = (turns: number, perMinute: number): number => Math.ceil((turns * 6e7) / perMinute) / 1_000;

/**
 * The clocks of throttle nodes: each says until when its turns are taken, and is a partition of its own in the ledger table, so that
 * 1,000 writes a second are there for each of them. A write takes the turns of a whole batch.
 */
export const throttles = (table: string) => {
  /** Whether a line stood there when this worker looked last: it only decides which write is tried first. */
  const lines = new Map<string, boolean>();

  /** When the turns begin, epoch ms; undefined when the clock does not stand as supposed. */
  const write = async (run: string, joins: boolean, ms: number, nowMs: number): Promise<number | undefined> => {
    try {
      const { Attributes } = await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { run: { S: run }, unit: { S: 'clock' } },
          ConditionExpression: joins ? '#until > :now' : 'attribute_not_exists(#until) OR #until <= :now',
          UpdateExpression: `SET #until = ${joins ? '#until + :ms' : ':end'}, #ttl = :ttl`,
          ExpressionAttributeNames: { '#until': 'untilMs', '#ttl': 'expiresAt' },
          ExpressionAttributeValues: {
            ':now': number(nowMs),
            ':ttl': number(Math.floor(nowMs / 1_000) + KEPT_SECONDS),
            ...(joins ? { ':ms': number(ms) } : { ':end': number(nowMs + ms) }),
          },
          ReturnValues: 'UPDATED_OLD',
        }),
      );
      return joins ? Number(Attributes?.untilMs?.N) : nowMs;
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      return undefined;
    }
  };

  return {
    /** Takes so many turns at a node, one after the other; gives when they are, epoch ms. Turns that are not used are lost. */
    async take(journeyId: string, node: string, perMinute: number, turns: number, nowMs: number): Promise<number[]> {
      const run = `throttle#${journeyId}#${node}`;
      let joins = lines.get(run) ?? false;
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1, joins = !joins) {
        const fromMs = await write(run, joins, lengthMs(turns, perMinute), nowMs);
        if (fromMs === undefined) continue;
        lines.set(run, true);
        return Array.from({ length: turns }, (_, n) => Math.ceil(fromMs + lengthMs(n, perMinute)));
      }
      throw new Error(`The clock of ${run} changes all the time`);
    },
  };
};
export type Throttles = ReturnType<typeof throttles>;
