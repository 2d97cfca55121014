import { NOBODY, type Transitions } from '../../core/audience/models/rfm.ts';
import type { CdnowFigures } from './cdnow.ts';
import type { FitCost } from './refit.ts';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A table in Markdown. */
const table = (header: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [
    `| ${header.join(' | ')} |`,
    `|${header.map(() => '---').join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');

const rfmText = ({ rfm }: CdnowFigures): string =>
  table(
    ['segment', 'people', 'share', 'days since the last', 'purchases', 'spent'],
    Object.entries(rfm.segments).map(([name, { people, share, medians }]) => [
      ...[name, people, percent(share), medians.recencyDays, medians.purchases, medians.amount.toFixed(2)],
    ]),
  );

/** The moves of most people, those who stayed left out. */
const movesText = (moved: Transitions): string =>
  table(
    ['from', 'to', 'people'],
    Object.entries(moved)
      .flatMap(([from, row]) => Object.entries(row).map(([to, people]) => ({ from, to, people })))
      .filter(({ from, to }) => from !== to && from !== NOBODY)
      .sort((a, b) => b.people - a.people)
      .slice(0, 8)
      .map(({ from, to, people }) => [from, to, people]),
  );

const clustersText = ({ clusters }: CdnowFigures): string =>
  [
    `k = ${clusters.k}; mean silhouettes ${Object.entries(clusters.silhouettes)
      .map(([k, value]) => `${k}: ${value.toFixed(3)}`)
      .join(', ')}`,
    ...clusters.clusters.map(
      ({ name, title, people, share, differences }) =>
        `- ${name}, ${people} people (${percent(share)}): ${title}. ${differences.join('; ')}`,
    ),
  ].join('\n');

const churnText = ({ churn }: CdnowFigures): string => {
  const { holdOut, recencyAlone, oneForAll, people, baseRate } = churn;
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return [
    `Fitted on histories before ${day(churn.fittedAtMs)} and what followed in ${churn.horizonDays} days (${people.fitted} people, ${percent(baseRate.fitted)} bought);`,
    `tested on histories before ${day(churn.testedAtMs)} and the ${churn.horizonDays} days from then (${people.tested} people, ${percent(baseRate.tested)} bought).`,
    table(
      ['', 'AUC', 'log loss', 'Brier', 'calibration error', 'mean predicted'],
      [
        ...(
          [
            ['this model', holdOut],
            ['recency alone', recencyAlone],
          ] as const
        ).map(([name, one]) => [
          ...[name, one.auc.toFixed(3), one.logLoss.toFixed(4), one.brier.toFixed(4)],
          ...[one.calibrationError.toFixed(4), percent(one.meanPredicted)],
        ]),
        [
          'one for all',
          '0.500',
          oneForAll.logLoss.toFixed(4),
          oneForAll.brier.toFixed(4),
          '',
          percent(baseRate.fitted),
        ],
      ],
    ),
    'Tenths by probability of a purchase (reliability diagram):',
    table(
      ['people', 'predicted', 'came true'],
      holdOut.calibration.map((row) => [row.people, percent(row.predicted), percent(row.actual)]),
    ),
    'Bands of churn (33/66):',
    table(
      ['band', 'people', 'stayed away'],
      Object.entries(churn.bands).map(([band, one]) => [band, one.people, percent(1 - one.bought / one.people)]),
    ),
    'What drives it:',
    ...churn.drivers.slice(0, 5).map(({ sentence, weight }) => `- ${sentence} (${weight.toFixed(2)})`),
  ].join('\n');
};

const cohortsText = ({ cohorts }: CdnowFigures): string =>
  table(
    ['first purchase', 'people', 'again in 30 d', '90 d', '180 d', 'ever', 'bought in month 1', '2', '3', '6', '12'],
    cohorts.map(({ month, people, retention, repurchasedWithin, repurchased }) => [
      ...[month, people, ...Object.values(repurchasedWithin).map(percent), percent(repurchased)],
      ...[1, 2, 3, 6, 12].map((n) => (retention[n] === undefined ? '' : percent(retention[n]))),
    ]),
  );

/** All figures as text. */
export const figuresText = (figures: CdnowFigures): string =>
  [
    `${figures.people} people, ${figures.purchases} purchases`,
    ...['\n## RFM at the end of the history', rfmText(figures)],
    ...['\n## Moves in the last quarter', movesText(figures.transitions)],
    ...['\n## Clusters', clustersText(figures)],
    ...['\n## Who will not come back', churnText(figures)],
    ...['\n## Cohorts by month of the first purchase', cohortsText(figures)],
  ].join('\n');

/** What fits cost. */
export const costsText = (costs: readonly FitCost[]): string =>
  table(
    ['', 'scored', 'changed', 'share', '$ per million changed', '$ for the rest', '$ per million people'],
    costs.map(({ name, scored, changed, perMillionChanged, rest }) => [
      ...[name, scored, changed, percent(changed / scored), perMillionChanged.toFixed(3), rest.toFixed(4)],
      ((changed / scored) * perMillionChanged).toFixed(3),
    ]),
  );
