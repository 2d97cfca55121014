/** One row of what a bench must show: a figure and its limit. */
export type Bar = { name: string; figure: number; limit: number; unit: string; atLeast: boolean; ok: boolean };

/** No row for a figure that was not measured; one that is not a number misses. */
export const bar = (name: string, figure: number | undefined, limit: number, unit: string, atLeast = false): Bar[] =>
  figure === undefined ? [] : [{ name, figure, limit, unit, atLeast, ok: atLeast ? figure >= limit : figure <= limit }];

export const barText = ({ name, figure, limit, unit, atLeast, ok }: Bar): string =>
  `${ok ? 'ok    ' : 'MISSED'}  ${name.padEnd(40)} ${Number(figure.toPrecision(3))} ${unit} (${atLeast ? '≥' : '≤'} ${limit})`;
