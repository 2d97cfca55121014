import type { Meter } from './types.ts';

const MILLION = 1e6;
/**
 * AWS list prices of us-east-1, November 2026, from each service's page aws.amazon.com/<service>/pricing, without free
 * tiers and volume discounts: US dollars for one billed unit. † from memory: check before publishing.
 */
const prices: Record<string, number> = {
  'states-transition': 25 / MILLION, // Standard
  'states-express-start': 1 / MILLION,
  'states-express-gb-hour': 0.06, // in steps of 64 MB and 100 ms
  'events-event': 1 / MILLION, // custom event of up to 64 KB
  'sns-request': 0.5 / MILLION, // of up to 64 KB; deliveries to SQS cost nothing, SQS bills them
  'scheduler-invocation': 1 / MILLION,
  'sqs-request': 0.4 / MILLION, // of up to 64 KB, standard queue
  'sqs-fair-surcharge': 0.1 / MILLION, // request with a message group
  'lambda-request': 0.2 / MILLION,
  'lambda-gb-second-arm64': 0.0000133334,
  'lambda-gb-second-x86_64': 0.0000166667,
  'dynamodb-write-unit': 0.625 / MILLION, // 1 KB; a failed condition counts
  'dynamodb-read-unit': 0.125 / MILLION, // strong read of 4 KB; eventual: half
  'http-api-request': 1 / MILLION, // of up to 512 KB
  's3-put': 5 / MILLION, // PUT, COPY, POST or LIST
  's3-get': 0.4 / MILLION, // GET or HEAD
  'athena-tb': 5, // scanned, 10 MB minimum a query
  'firehose-gb': 0.029, // each record rounded up to 5 KB †
  'logs-gb': 0.5, // ingested
  'kms-call': 3 / MILLION, // †
  'secret-read': 5 / MILLION, // Secrets Manager †
  'channel-email': 100 / MILLION, // SES, à la carte
  'channel-push': 1 / MILLION, // †
  'channel-whatsapp': 5_000 / MILLION, // AWS's part, without Meta's fee †
  'channel-wechat': 0, // template messages cost nothing
  'channel-sms': 0.00581, // part to the US, without carrier fees †
};

/** Billed units and calls by item, then by operation. */
export type Counts = Record<string, Record<string, { units: number; calls: number }>>;
export type CloudMeter = ReturnType<typeof createMeter>;

export const createMeter = () => {
  const counts: Counts = {};
  const count: Meter['count'] = (item, units, operation) => {
    if (!(item in prices)) throw new Error(`The meter knows no price for '${item}': add it to local/meter.ts`);
    counts[item] ??= {};
    counts[item][operation] ??= { units: 0, calls: 0 };
    counts[item][operation].units += units;
    counts[item][operation].calls += 1;
  };
  /** A copy; later counting does not change it. */
  const snapshot = () => structuredClone(counts);
  /** Dollars: without channel charges, those alone, and by item. */
  const usd = (some: Counts) => {
    const { usd: total, channelUsd: channels, items } = bill(some);
    return { total, channels, items: Object.fromEntries(Object.entries(items).map(([item, row]) => [item, row.usd])) };
  };
  return { count, snapshot, diff, usd };
};

/** What was counted after `before` was taken. */
export const diff = (before: Counts, after: Counts): Counts => {
  const result: Counts = {};
  for (const [item, operations] of Object.entries(after)) {
    for (const [operation, { units, calls }] of Object.entries(operations)) {
      const old = before[item]?.[operation] ?? { units: 0, calls: 0 };
      if (calls === old.calls) continue;
      result[item] ??= {};
      result[item][operation] = { units: units - old.units, calls: calls - old.calls };
    }
  }
  return result;
};

/** US dollars without and of channel charges (what SES, SMS and push themselves take), and by item. */
export const bill = (counts: Counts) => {
  const result = { usd: 0, channelUsd: 0, items: {} as Record<string, { units: number; usd: number }> };
  for (const [item, operations] of Object.entries(counts)) {
    const units = Object.values(operations).reduce((sum, operation) => sum + operation.units, 0);
    const usd = units * (prices[item] ?? Number.NaN);
    result.items[item] = { units, usd };
    result[item.startsWith('channel-') ? 'channelUsd' : 'usd'] += usd;
  }
  return result;
};
