import { bill, type Counts } from '../../local/meter.ts';

/** What AWS bills for some messages, the channels' own charges apart. */
export type Bill = { requests: number; writeUnits: number; usdPerMillion: number; items: Record<string, number> };

/** Items that are billed by the call, so that their units are requests. */
const REQUESTS = /-(request|put|get|event|transition|call|invocation)$|^secret-read$/;

/** Per message, and US dollars per million messages; `requests` without those of DynamoDB, which bills units. */
export const billPer = (counts: Counts, messages: number): Bill => {
  const { usd, items } = bill(counts);
  const per = (units: number) => units / messages;
  const own = Object.entries(items).filter(([item]) => !item.startsWith('channel-'));
  return {
    requests: per(own.reduce((sum, [item, { units }]) => sum + (REQUESTS.test(item) ? units : 0), 0)),
    writeUnits: per(items['dynamodb-write-unit']?.units ?? 0),
    usdPerMillion: per(usd) * 1e6,
    items: Object.fromEntries(own.map(([item, row]) => [item, per(row.usd) * 1e6])),
  };
};

/**
 * The naive design, a message each: a Standard execution of eight transitions, a Lambda of 512 MB for 200 ms, six writes to
 * tables, 2 KB of logs. It is priced, not run.
 */
export const NAIVE: Bill = billPer(
  Object.fromEntries(
    Object.entries({
      'states-transition': 8,
      'lambda-request': 1,
      'lambda-gb-second-x86_64': 0.1,
      'dynamodb-write-unit': 6,
      'logs-gb': 2e-6,
    }).map(([item, units]) => [item, { naive: { units, calls: 1 } }]),
  ),
  1,
);
