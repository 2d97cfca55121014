import { expect, test } from 'vitest';
import { armNameSql, armSql } from '../../../../core/audience/arms-sql.ts';
import { sql } from '../../../../core/audience/sql.ts';
import { textLiteral } from '../../../../core/audience/sql-literal.ts';
import { armAt } from '../../../../core/strategy/assignment.ts';
import { splitOf, variantsInput } from '../../../../core/strategy/experiment/campaign-experiment.ts';

const shares = (...percents: number[]) =>
  percents.map((percent, n) => ({ name: `v${n}`, templateId: `t${n}`, percent }));
const LAST = 1 - 2 ** -48;

test.each([
  [33.333, 33.333, 33.333],
  [14.285, 14.285, 14.285, 14.285, 14.285, 14.285, 14.285],
  [33.334, 33.334, 33.334],
  [50, 50],
])('shares of %d, %d … that are taken leave nobody over', (...percents) => {
  const variants = shares(...percents);
  expect(variantsInput.safeParse(variants).success).toBe(true);
  const split = splitOf('c', { variants });
  expect(armAt(split.percents, LAST)).toBe(percents.length - 1);
  // Nobody is in the arm that waits for a decision.
  expect(String(armSql({ holdouts: [], split }))).toContain(`ELSE ${percents.length - 1} END`);
  const names = variants.map(({ name }) => textLiteral(name));
  expect(String(armNameSql(split, names, sql`p`))).not.toContain("ELSE '' END");
});

test('of those who take part each variant has its share, and the others wait', () => {
  const experiment = { ...{ metric: 'clicked' as const, minimumSample: 1, minimumHours: 1 }, defaultVariant: 'v0' };
  const { percents } = splitOf('c', { variants: shares(25, 75), experiment: { ...experiment, testPercent: 20 } });
  expect(percents).toEqual([5, 15]);
  expect(armAt(percents, 0.2)).toBe(-1);
});
