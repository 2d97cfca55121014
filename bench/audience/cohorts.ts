import type { Purchase } from '../../scripts/purchases.ts';

const DAY_MS = 86_400_000;
export const WITHIN_DAYS = [30, 90, 180] as const;

export type Cohort = {
  /** UTC month of the first purchase, `1997-01`. */
  month: string;
  people: number;
  /** Share of them who bought in the month itself after it (0: the month of the first purchase, so 1), 1, 2 … months on. */
  retention: number[];
  /** Share whose second purchase came within so many days of the first. */
  repurchasedWithin: Record<string, number>;
  /** Share who ever bought again. */
  repurchased: number;
};

const monthOf = (ms: number): number => new Date(ms).getUTCFullYear() * 12 + new Date(ms).getUTCMonth();
const nameOf = (month: number): string => `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`;

/** Retention and repurchase by month of the first purchase. */
export const cohortsOf = (purchases: readonly Purchase[]): Cohort[] => {
  const people = [...Map.groupBy(purchases, ({ customer }) => customer).values()].map((own) => {
    const times = own.map(({ timeMs }) => timeMs).sort((a, b) => a - b);
    return { first: monthOf(times[0]!), months: new Set(times.map(monthOf)), times };
  });
  const last = Math.max(...people.flatMap(({ months }) => [...months]));
  return [...Map.groupBy(people, ({ first }) => first)]
    .sort(([a], [b]) => a - b)
    .map(([first, members]) => {
      const share = (has: (one: (typeof members)[number]) => boolean) => members.filter(has).length / members.length;
      const again = ({ times: [one = 0, two] }: (typeof members)[number], days: number) =>
        two !== undefined && two - one <= days * DAY_MS;
      return {
        month: nameOf(first),
        people: members.length,
        retention: Array.from({ length: last - first + 1 }, (_, n) => share(({ months }) => months.has(first + n))),
        repurchasedWithin: Object.fromEntries(WITHIN_DAYS.map((days) => [days, share((one) => again(one, days))])),
        repurchased: share(({ times }) => times.length > 1),
      };
    });
};
