import { startCloud } from '../../local/cloud.ts';
import { type Counts, diff } from '../../local/meter.ts';
import { assembly } from '../../scripts/assembly.ts';
import type { Purchase } from '../../scripts/purchases.ts';
import { story } from '../../scripts/story.ts';
import { PREDICTED_MS } from './cdnow.ts';

export type FitCost = {
  name: string;
  scored: number;
  changed: number;
  /** Dollars for what grows with the people who changed, for each million of them. */
  perMillionChanged: number;
  /** Dollars for everything else: the query, the fit, transitions. */
  rest: number;
};

type Model = { run?: object; lastRun: { outcome: string; scored: number; changed: number } };

const WEEK_MS = 7 * 86_400_000;
/** What is paid once for each person whose values change. */
const PER_PERSON = new Set(['dynamodb-write-unit', 'dynamodb-read-unit', 'firehose-gb']);

/**
 * Metered cost of two models on the local cloud: their first fit, which writes everybody, and a second one a week later, with
 * the purchases of that week.
 */
export const refitCosts = async (purchases: readonly Purchase[]): Promise<FitCost[]> => {
  const cloud = await startCloud({ assembly: assembly('local'), clock: { virtualStartMs: PREDICTED_MS } });
  try {
    const tell = story(cloud);
    const send = async (apiKey: string, some: readonly Purchase[]) => void (await tell.sendPurchases(apiKey, some));
    await tell.importPeople([...new Set(purchases.map(({ customer }) => customer))]);
    const apiKey = await tell.connectSource('Shop');
    await send(
      apiKey,
      purchases.filter(({ timeMs }) => timeMs < PREDICTED_MS),
    );

    const costOf = async (id: string, name: string): Promise<FitCost> => {
      const before = cloud.meter.snapshot();
      await tell.api.must(`POST /v1/models/${id}/fit`, await tell.as('marketer-mia', {}));
      const ended = ({ run }: Model) => run === undefined;
      const { lastRun } = await tell.until<Model>(`GET /v1/models/${id}`, 'viewer-vera', ended, 86_400_000);
      await cloud.clock.idle();
      cloud.flushLake();
      if (lastRun.outcome !== 'applied') throw new Error(`${name}: ${JSON.stringify(lastRun)}`);
      const bill = diff(before, cloud.meter.snapshot());
      const { scored, changed } = lastRun;
      const own = cloud.meter.usd(only(bill, true)).total;
      return {
        name,
        scored,
        changed,
        perMillionChanged: (own / changed) * 1e6,
        rest: cloud.meter.usd(only(bill, false)).total,
      };
    };
    const purchase = { event: 'purchase', amount: 'amount' };
    const models = {
      rfm: { name: 'RFM', type: 'rfm', purchase },
      churn: { name: 'Churn', type: 'propensity', predicts: 'churn', purchase },
    };
    for (const [id, model] of Object.entries(models)) {
      await tell.api.must(`PUT /v1/models/${id}`, await tell.as('marketer-mia', { version: 0, model }));
    }
    const first = [await costOf('rfm', 'RFM, first fit'), await costOf('churn', 'churn, first fit')];
    await cloud.clock.advance(PREDICTED_MS + WEEK_MS - cloud.clock.now());
    await send(
      apiKey,
      purchases.filter(({ timeMs }) => timeMs >= PREDICTED_MS && timeMs < PREDICTED_MS + WEEK_MS),
    );
    return [...first, await costOf('rfm', 'RFM, a week later'), await costOf('churn', 'churn, a week later')];
  } finally {
    await cloud.stop();
  }
};

const only = (counts: Counts, perPerson: boolean): Counts =>
  Object.fromEntries(Object.entries(counts).filter(([item]) => PER_PERSON.has(item) === perPerson));
