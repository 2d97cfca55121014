import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { AmountCount } from '../../../../core/strategy/experiment/amount-tests.ts';

/** The amounts of some people, and 0 of the others, in two passes. */
export const amountCount = (name: string, people: number, amounts: readonly number[]): AmountCount => {
  const sum = amounts.reduce((all, amount) => all + amount, 0);
  const mean = people > 0 ? sum / people : 0;
  const squares = amounts.reduce((all, amount) => all + (amount - mean) ** 2, (people - amounts.length) * mean ** 2);
  return { name, people, successes: amounts.length, sum, variance: people > 1 ? squares / (people - 1) : 0 };
};

const FILE = join(import.meta.dirname, '../../../../../shared/data/cdnow-purchases.txt.gz');

/** What each customer of the CDNOW history spent in all, dollars (Fader and Hardie); undefined: it is not there. */
export const readSpent = (): number[] | undefined => {
  if (!existsSync(FILE)) return undefined;
  const spent = new Map<string, number>();
  for (const line of gunzipSync(readFileSync(FILE)).toString().trim().split('\n')) {
    const [customer = '', , , dollars] = line.trim().split(/\s+/);
    spent.set(customer, (spent.get(customer) ?? 0) + Number(dollars));
  }
  return [...spent.values()];
};
