import * as z from 'zod/mini';

/** An instant in a query: a day (its midnight UTC) or ISO 8601 with zone. */
export const instant = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);
export const instantMs = (text: string): number => Date.parse(text);

/** Half-open span of time [fromMs, toMs), epoch ms. */
export type Period = { fromMs: number; toMs: number };

export const DAY_MS = 86_400_000;
