import {
  type AttributeValue,
  type ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { LANES, type Lane } from '../../core/delivery/channel.ts';
import { type Clocks, type Lease, leaseFor, type Rate, type Span, spanOf } from '../../core/delivery/send-rate.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** Partition of the clocks in the ledger table, one small item for each provider, and for each campaign with a speed. */
const RUN = 'rate';
/** A campaign is over long before; a provider's clock that nobody has moved for so long stands in the past. */
const KEPT_SECONDS = 60 * 86_400;

/** Workers seldom change in the same moment how a clock stands to now; many times in a row means that something is wrong. */
const ATTEMPTS = 10;

const CLOCKS = LANES.flatMap((lane) => [lane, `${lane}Line`] as const);
const number = (value: number): AttributeValue => ({ N: String(value) });
const clocksIn = (item: Record<string, AttributeValue> = {}): Clocks =>
  Object.fromEntries(CLOCKS.flatMap((name) => (item[name]?.N ? [[name, Number(item[name].N)]] : [])));

/** `leased` of core as a condition and a change. `#own` is the clock of the lane, `#promo` that of the promotional one. */
const expressionOf = ({ lane, takes, from }: Lease): { condition: string; change: string } => {
  const isTransactional = lane === 'transactional';
  const base = from === 'now' ? ':now' : '#own';
  const behind = `(attribute_not_exists(#promo) OR #promo <= ${base})`;
  const conditions = [
    from === 'now' ? '(attribute_not_exists(#own) OR #own <= :now)' : '#own > :now AND #own <= :latest',
    ...(isTransactional ? [takes === 'all' ? behind : `#promo > ${base}`] : []),
  ];
  const changes = [
    `#own = ${base} + :ms`,
    ...(takes === 'all' ? [`#promo = ${base} + :ms`] : []),
    ...(from === 'now' ? ['#line = :until'] : []),
  ];
  return { condition: conditions.join(' AND '), change: changes.join(', ') };
};

/**
 * The clocks of send rates (core/delivery/send-rate.ts), shared by all workers. `key` is a channel, or `plan#<id>`. What a worker
 * has seen of a clock only decides which write it tries first; clocks never go back, so one that was seen too far ahead is not
 * asked again.
 */
export const sendRates = (table: string) => {
  const seen = new Map<string, Clocks>();

  /** The clocks before the write, and whether it took place. */
  const write = async (
    key: string,
    { condition, change }: { condition: string; change: string },
    names: Record<string, string>,
    values: Record<string, number>,
    nowMs: number,
  ): Promise<{ done: boolean; before: Clocks }> => {
    const Key = { run: { S: RUN }, unit: { S: key } };
    const used: string[] = `${condition} ${change}`.match(/[#:]\w+/g) ?? [];
    try {
      const { Attributes } = await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key,
          ConditionExpression: condition,
          UpdateExpression: `SET ${change}, #ttl = :ttl`,
          ExpressionAttributeNames: {
            '#ttl': 'expiresAt',
            ...Object.fromEntries(Object.entries(names).filter(([name]) => used.includes(name))),
          },
          ExpressionAttributeValues: {
            ':ttl': number(Math.floor(nowMs / 1_000) + KEPT_SECONDS),
            ...Object.fromEntries(
              Object.entries(values)
                .filter(([name]) => used.includes(name))
                .map(([name, value]) => [name, number(value)]),
            ),
          },
          ReturnValues: 'ALL_OLD',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { done: true, before: clocksIn(Attributes) };
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      const { Item: told } = error as ConditionalCheckFailedException;
      if (told) return { done: false, before: clocksIn(told) };
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
      return { done: false, before: clocksIn(Item) };
    }
  };

  return {
    /** Epoch ms up to which the tokens of a lane are leased at least, by what this worker has seen. */
    standsAt: (key: string, lane: Lane): number => seen.get(key)?.[lane] ?? 0,

    /** Leases tokens in one write, or says until when all are leased, where that is after `latestMs`. */
    async lease(
      key: string,
      rate: Rate,
      asked: Pick<Lease, 'lane' | 'count' | 'nowMs' | 'latestMs'>,
    ): Promise<Span | { fullUntilMs: number }> {
      const { lane, nowMs, latestMs } = asked;
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const known = seen.get(key) ?? {};
        const standsAt = known[lane] ?? 0;
        if (standsAt > latestMs) return { fullUntilMs: standsAt };
        const lease = leaseFor(known, rate, asked);
        const names = { '#own': lane, '#promo': 'promotional', '#line': `${lane}Line` };
        const values = { ':now': nowMs, ':latest': latestMs, ':ms': lease.ms, ':until': nowMs + lease.ms };
        const { done, before } = await write(key, expressionOf(lease), names, values, nowMs);
        if (!done) {
          seen.set(key, before);
          continue;
        }
        const span = spanOf(lease, before);
        const until = { [lane]: span.fromMs + lease.ms };
        seen.set(key, { ...before, ...until, ...(lease.takes === 'all' && { promotional: span.fromMs + lease.ms }) });
        return span;
      }
      throw new Error(`The clock of ${key} changes all the time`);
    },

    /** Stands in line for `ms` of the lane's time. Gives when its turn comes, if all before it are sent. */
    async standInLine(key: string, lane: Lane, ms: number, nowMs: number): Promise<number> {
      const name = `${lane}Line` as const;
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const known = seen.get(key) ?? {};
        const baseMs = Math.max(nowMs, known[lane] ?? 0);
        const joins = (known[name] ?? 0) > baseMs;
        const expression = joins
          ? { condition: '#line > :base', change: '#line = #line + :ms' }
          : { condition: 'attribute_not_exists(#line) OR #line <= :base', change: '#line = :end' };
        const values = { ':base': baseMs, ':ms': ms, ':end': baseMs + ms };
        const { done, before } = await write(key, expression, { '#line': name }, values, nowMs);
        const turnMs = joins ? (before[name] ?? 0) : baseMs;
        seen.set(key, done ? { ...before, [name]: turnMs + ms } : before);
        if (done) return turnMs;
      }
      throw new Error(`The line of ${key} changes all the time`);
    },
  };
};
export type SendRates = ReturnType<typeof sendRates>;
