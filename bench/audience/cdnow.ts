import { kmeans } from 'ml-kmeans';
import type { Facts } from '../../core/audience/models/facts.ts';
import { cutOffsOf, type Fitted, fitModel } from '../../core/audience/models/fit.ts';
import { type ModelInput, modelInput } from '../../core/audience/models/model.ts';
import { rfmCuts, rfmScores, rfmSegment, type Transitions, transitionsOf } from '../../core/audience/models/rfm.ts';
import { SAMPLE_LIMITS, samplesOf } from '../../core/audience/models/samples.ts';
import type { Purchase } from '../../scripts/purchases.ts';
import { type Cohort, cohortsOf } from './cohorts.ts';
import { factsAt } from './history.ts';

const SEED = 20_260_101;
const purchase = { event: 'purchase', amount: 'amount' };
const inputs = {
  rfm: modelInput.parse({ name: 'RFM', type: 'rfm', purchase }),
  clusters: modelInput.parse({ name: 'Clusters', type: 'clusters', purchase }),
  churn: modelInput.parse({ name: 'Churn', type: 'propensity', predicts: 'churn', purchase }),
};

/** The end of the history, midnight UTC after its last day, and of the prediction: 90 days after 1997-12-31. */
export const END_MS = Date.UTC(1998, 6, 1);
export const PREDICTED_MS = Date.UTC(1998, 3, 1);

const fitAt = async (purchases: readonly Purchase[], input: ModelInput, endMs: number) => {
  const cutOffs = cutOffsOf(input, endMs - 1);
  const samples = samplesOf(SAMPLE_LIMITS[input.type], SEED);
  for (const facts of await factsAt(purchases, cutOffs)) samples.add(facts);
  const drawn = samples.drawn();
  return { fitted: fitModel(input, drawn, cutOffs, { seed: SEED, kmeans }), drawn };
};

type Report<Type> = Extract<Fitted['report'], { type: Type }>;
export type CdnowFigures = {
  people: number;
  purchases: number;
  rfm: Report<'rfm'>;
  transitions: Transitions;
  clusters: Report<'clusters'>;
  churn: Report<'propensity'>;
  cohorts: Cohort[];
};

/** Everything that the models find in a purchase history, by the same code and query as in a deployment. */
export const figuresOf = async (purchases: readonly Purchase[]): Promise<CdnowFigures> => {
  const rfm = await fitAt(purchases, inputs.rfm, END_MS);
  const earlier = await fitAt(purchases, inputs.rfm, PREDICTED_MS);
  const clusters = await fitAt(purchases, inputs.clusters, END_MS);
  const churn = await fitAt(purchases, inputs.churn, PREDICTED_MS);
  return {
    people: new Set(purchases.map(({ customer }) => customer)).size,
    purchases: purchases.length,
    rfm: rfm.fitted.report as Report<'rfm'>,
    transitions: transitionsOf(segmentsOf(earlier.drawn.now), segmentsOf(rfm.drawn.now)),
    clusters: clusters.fitted.report as Report<'clusters'>,
    churn: churn.fitted.report as Report<'propensity'>,
    cohorts: cohortsOf(purchases),
  };
};

const segmentsOf = (people: readonly Facts[]): Map<string, string> => {
  const cuts = rfmCuts(people);
  return new Map(people.map((one) => [one.profileId, rfmSegment(rfmScores(cuts, one))]));
};
