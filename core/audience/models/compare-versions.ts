import type { ModelVersion, Report } from './model.ts';

/** The figures by which versions of one model are compared, the same names for all of a type. */
const figuresOf = (report: Report): Record<string, number> => {
  if (report.type === 'rfm') {
    return Object.fromEntries(Object.entries(report.segments).map(([name, { share }]) => [`share of ${name}`, share]));
  }
  if (report.type === 'clusters') {
    const shares = report.clusters.map(({ name, share }): [string, number] => [`share of ${name}`, share]);
    return { clusters: report.k, silhouette: report.silhouettes[report.k] ?? 0, ...Object.fromEntries(shares) };
  }
  if (report.type === 'lookalike') return { auc: report.holdOut.auc, seeds: report.seeds };
  const { auc, logLoss, brier, calibrationError } = report.holdOut;
  return {
    ...{ auc, logLoss, brier, calibrationError },
    recencyAloneAuc: report.recencyAlone.auc,
    baseRate: report.baseRate.tested,
  };
};

export type Comparison = {
  versions: { number: number; fittedMs: number; people: number; applied: boolean }[];
  /** Null where one of them does not have it. */
  figures: { name: string; values: (number | null)[] }[];
};

/** Two versions side by side. Each was measured on the people of its own time. */
export const compareVersions = (...versions: ModelVersion[]): Comparison => {
  const figures = versions.map(({ report }) => figuresOf(report));
  const names = [...new Set(figures.flatMap((one) => Object.keys(one)))];
  return {
    versions: versions.map(({ number, fittedMs, people, applied }) => ({
      ...{ number, fittedMs, people },
      applied: applied !== undefined,
    })),
    figures: names.map((name) => ({ name, values: figures.map((one) => one[name] ?? null) })),
  };
};
