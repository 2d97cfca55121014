import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { armNameSql, armSql } from '../../../../core/audience/arms-sql.ts';
import { sql } from '../../../../core/audience/sql.ts';
import { textLiteral } from '../../../../core/audience/sql-literal.ts';
import { armAt } from '../../../../core/strategy/assignment.ts';
import { experimentInput, splitOf, variantsInput } from '../../../../core/strategy/experiment/campaign-experiment.ts';
import { fieldErrors } from '../../../../lambdas/middleware/parse-request.ts';

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

const experiment = { minimumSample: 1, minimumHours: 1, defaultVariant: 'v0' };
const page = readFileSync(new URL('../../../../docs/experiments.md', import.meta.url), 'utf8');
const snippet = (kind: string) => JSON.parse(new RegExp(`\`\`\`json${kind}\n([^\`]+)`).exec(page)?.[1] ?? '') as object;
test.each([
  snippet(' metric'),
  { event: 'purchase', sum: 'total' },
  { event: 'purchase', sum: 'order.total', upTo: 0.5 },
  { event: 'purchase', sum: 'total', where: [{ property: 'total', atLeast: 5 }], upTo: 999 },
])('an amount may decide: %j', (metric) => {
  expect(experimentInput.parse({ ...experiment, metric })).toEqual({ ...experiment, metric });
});

test('the experiment of the page is one', () => {
  const { variants, experiment } = snippet('') as { variants: unknown; experiment: unknown };
  expect(variantsInput.parse(variants)).toEqual(variants);
  expect(experimentInput.parse(experiment)).toEqual(experiment);
});

test.each([
  [{ event: 'purchase', sum: 'order[0]' }, 'metric.sum', /^One to five names/],
  [{ event: 'purchase', sum: '' }, 'metric.sum', /^One to five names/],
  [{ event: 'purchase', sum: 'a.b.c.d.e.f' }, 'metric.sum', /^One to five names/],
  [{ event: 'purchase', sum: { property: 'total' } }, 'metric', /the path of an amount \(sum\)/],
  [{ event: 'purchase', upTo: 5 }, 'metric.upTo', /^Only a metric with sum has upTo$/],
  [{ event: 'purchase', sum: 'total', upTo: 0 }, 'metric.upTo', />0/],
  [{ event: 'purchase', sum: 'total', upTo: 1e12 }, 'metric.upTo', /<1000000000000/],
  [{ event: 'purchase', sum: 'total', avg: 'total' }, 'metric.avg', /^Unknown field$/],
  [{ sum: 'total' }, 'metric', /^opened, clicked, or an event/],
])('the amount %j is refused, and it says where and why', (metric, path, message) => {
  const { error } = experimentInput.safeParse({ ...experiment, metric });
  expect(fieldErrors(error?.issues ?? [])).toEqual([{ path, message: expect.stringMatching(message) }]);
});
