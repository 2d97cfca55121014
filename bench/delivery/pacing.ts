import type { Counts } from '../../local/meter.ts';
import { bar } from '../bar.ts';
import type { Part } from '../part.ts';
import { openCrowd } from './crowd.ts';

/** What waiting for a rate may add to the writes of a campaign, for each recipient: see decision 0025. */
const MOST_WRITES = { fast: 0.1, slow: 0.6 };

/** What one campaign took, from its approval to its end. */
type Row = { name: string; writes: number; reads: number; queue: number; invocations: number };
const rowOf = (name: string, counts: Counts): Row => {
  const sum = (item: string, operation = '') =>
    Object.entries(counts[item] ?? {})
      .filter(([of]) => of.includes(operation))
      .reduce((all, [, { units }]) => all + units, 0);
  return {
    name,
    writes: sum('dynamodb-write-unit'),
    reads: sum('dynamodb-read-unit'),
    queue: sum('sqs-request'),
    invocations: sum('lambda-request', 'delivery-send-email'),
  };
};

/** What it costs to keep a campaign to a speed, or to what its provider takes. */
export const measurePacing = async (people: number): Promise<Part> => {
  const crowd = await openCrowd(people);
  try {
    const { cloud, api, as, startCampaign, finished } = crowd;
    let version = 0;
    const set = async (rates: object) => {
      const settings = { version, frequencyCap: { touches: 10, hours: 1 }, rates };
      const route = 'PUT /v1/settings/delivery';
      ({ version } = await api.must<{ version: number }>(route, await as('operator-oscar', settings)));
      await cloud.clock.advance(120_000);
    };
    const run = async (name: string, perMinute?: number): Promise<Row> => {
      let before: Counts = {};
      const options = { channelPolicy: ['email'], ...(perMinute && { speed: { perMinute } }) };
      const email = { subject: name, html: `<p>${name}</p>` };
      const id = await startCampaign({ email }, options, () => {
        before = cloud.meter.snapshot();
      });
      await finished(id);
      return rowOf(name, cloud.meter.diff(before, cloud.meter.snapshot()));
    };

    await set({});
    const rows = [await run('no rate'), await run('6,000 a minute', 6_000), await run('600 a minute', 600)];
    await set({ email: { perSecond: 100 } });
    rows.push(await run('provider: 100 a second'), await run('that, and 600 a minute', 600));
    const [unlimited, fast, slow, provider, both] = rows as [Row, Row, Row, Row, Row];
    const more = (row: Row) => (row.writes - unlimited.writes) / people;
    const text = ({ name, writes, reads, queue, invocations }: Row) =>
      `  ${name.padEnd(24)} ${writes} write units, ${reads} read units, ${queue} requests of queues, ${invocations} invocations`;
    return {
      figures: { pacing: rows },
      text: `Pacing, a campaign to ${people.toLocaleString('en')} each\n${rows.map(text).join('\n')}`,
      bars: [
        ...bar('writes more for a fast rate', Math.max(more(fast), more(provider)), MOST_WRITES.fast, 'a recipient'),
        ...bar('writes more for a slow rate', Math.max(more(slow), more(both)), MOST_WRITES.slow, 'a recipient'),
      ],
    };
  } finally {
    await crowd.stop();
  }
};
