import * as z from 'zod/mini';
import { audienceRef } from '../audience-ref.ts';
import { attributeName } from '../profile.ts';
import { type ClusterParameters, type ClusterReport, MAX_CLUSTERS } from './clusters.ts';
import type { Distribution, Drift } from './drift.ts';
import type { LookalikeParameters, LookalikeReport } from './lookalike.ts';
import type { PropensityParameters, PropensityReport } from './propensity.ts';
import type { RfmCuts, Transitions } from './rfm.ts';
import { fitSchedule } from './schedule.ts';

/** The attributes that a model writes begin with its id: `churn` writes `churn_band`. */
export const modelId = z.string().check(z.regex(/^[a-z][a-z0-9_]{0,39}$/));

const eventType = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/));
const propertyPath = z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,4}$/));
const share = z.number().check(z.gt(0), z.lt(1));
const between = (least: number, most: number) => z.int().check(z.minimum(least), z.maximum(most));

const common = {
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  /** What a purchase is, and which property of it is the amount. */
  purchase: z.strictObject({ event: eventType, amount: z.optional(propertyPath) }),
  /** Purchases that are older count for nothing. */
  historyDays: z._default(between(30, 3_650), 730),
  schedule: z.optional(fitSchedule),
};

/** What a marketer says about a model. */
export const modelInput = z.union([
  z.strictObject({ ...common, type: z.literal('rfm') }),
  z.strictObject({
    ...common,
    type: z.literal('clusters'),
    /** How few and how many clusters there may be. */
    clusters: z._default(
      z
        .strictObject({ from: between(2, 8), to: between(2, 8) })
        .check(z.refine(({ from, to }) => from <= to, 'from is more than to')),
      { from: 3, to: MAX_CLUSTERS },
    ),
  }),
  z.strictObject({
    ...common,
    type: z.literal('propensity'),
    /** Churn is no purchase within the horizon. */
    predicts: z.enum(['purchase', 'churn']),
    horizonDays: z._default(between(7, 365), 90),
    /** Below the first probability the band is low, from the second on it is high. The default is Klaviyo's. */
    bands: z._default(
      z.tuple([share, share]).check(z.refine(([low, high]) => low < high, 'The first is not below the second')),
      [0.33, 0.66],
    ),
  }),
  z.strictObject({
    ...common,
    type: z.literal('lookalike'),
    /** Who others shall be like: the people of a list, a segment or an audience. */
    seed: audienceRef,
    /** Attributes to look at, beside purchases, which addresses there are, locale and time zone. */
    attributes: z._default(z.array(attributeName).check(z.maxLength(5)), []),
    topPercent: z._default(between(1, 50), 10),
  }),
]);
export type ModelInput = z.infer<typeof modelInput>;

/** Why a run ended, and what it changed. */
export type RunEnd =
  | { outcome: 'applied'; endedMs: number; scored: number; changed: number }
  /** Fitted, but not good enough to be used by itself; a marketer may activate it. */
  | { outcome: 'held-back'; endedMs: number; reason: string }
  | { outcome: 'failed'; endedMs: number; reason: string };

/** A fit of a new version, or the activation of one that exists. Both write values in the end. */
export type Run = { id: number; kind: 'fit' | 'activate'; number: number; by: string; startedMs: number };

export type VersionSummary = { number: number; fittedMs: number; people: number; headline: string };

/** Definition of kind `model`. One run at a time; what it has done so far is in the state machine. */
export type Model = {
  id: string;
  input: ModelInput;
  version: number;
  author: string;
  createdMs: number;
  /** Runs so far. */
  runs: number;
  run?: Run;
  lastRun?: Run & RunEnd;
  /** The version whose values people have. */
  activeNumber?: number;
  /** The newest first, at most MAX_VERSIONS. */
  versions: VersionSummary[];
  nextFitMs?: number;
  deletedMs?: number;
};
export const MAX_VERSIONS = 20;

export type Parameters =
  | { type: 'rfm'; cuts: RfmCuts }
  | ({ type: 'clusters' } & ClusterParameters)
  | ({ type: 'propensity'; predicts: 'purchase' | 'churn'; bands: readonly [number, number] } & PropensityParameters)
  | ({ type: 'lookalike' } & LookalikeParameters);

export type RfmReport = {
  cuts: RfmCuts;
  /** Of the people of the sample. */
  segments: Record<
    string,
    { people: number; share: number; medians: { recencyDays: number; purchases: number; amount: number } }
  >;
};
export type Report =
  | ({ type: 'rfm' } & RfmReport)
  | ({ type: 'clusters' } & ClusterReport)
  | ({ type: 'propensity' } & PropensityReport)
  | ({ type: 'lookalike' } & LookalikeReport);

/** What a run told of the people whose values it wrote. */
export type Applied = {
  atMs: number;
  scored: number;
  changed: number;
  /** How many people went from which value to which, by the first attribute. */
  moved: Transitions;
};

/** Definition of kind `model-version`, id versionId(): what a fit found. Only `applied` changes afterwards. */
export type ModelVersion = {
  modelId: string;
  number: number;
  input: ModelInput;
  fittedMs: number;
  /** People who could be scored, and how many of them the fit looked at. */
  people: number;
  sampled: number;
  parameters: Parameters;
  report: Report;
  /** How each feature and the score were spread, for the next fit to compare. */
  watched: Record<string, Distribution>;
  /** Population stability index of each since the version before; absent for the first one. */
  drift?: Record<string, { index: number; verdict: Drift }>;
  applied?: Applied;
};

/** Numbers in ids are padded, so that they sort. */
export const versionId = (id: string, number: number): string => `${id}@${String(number).padStart(6, '0')}`;

const SUFFIXES: Record<ModelInput['type'], readonly string[]> = {
  rfm: ['segment', 'recency', 'frequency', 'monetary'],
  clusters: ['cluster'],
  propensity: ['band'],
  lookalike: ['match'],
};

/** Names of the attributes that the model writes. */
export const attributesOf = ({ id, input }: Pick<Model, 'id' | 'input'>): string[] =>
  SUFFIXES[input.type].map((suffix) => `${id}_${suffix}`);
