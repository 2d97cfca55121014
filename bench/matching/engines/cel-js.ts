import { Environment } from '@marcbachmann/cel-js';
import type { BenchLeaf } from '../rule.ts';
import { eachRule } from './each-rule.ts';
import { writtenAs } from './written-as.ts';

const OPERATORS = { eq: '==', ne: '!=', gt: '>', gte: '>=', lt: '<', lte: '<=', in: 'in' };
/** CEL fails on a field that is not there: what may be missing is asked for first. */
const OPTIONAL = /^(event\.context\.campaign|event\.order\.(coupon|gift_message)|profile\.(company|referrer_id))/;

/** Whole numbers are integers in CEL, which do not compare with doubles. */
const literal = (value: unknown): string =>
  typeof value === 'number' && Number.isInteger(value) ? `${value}.0` : JSON.stringify(value);

const leaf = (it: BenchLeaf): string => {
  const present = `has(${it.f.startsWith('event.context.campaign.') ? 'event.context.campaign' : it.f})`;
  if (it.op === 'exists') return present;
  if (it.op === 'missing') return `!${present}`;
  const optional = OPTIONAL.test(it.f);
  if (it.op === 'ne' && optional) return `!(${present} && ${it.f} == ${literal(it.v)})`;
  const test =
    it.op === 'prefix' ? `${it.f}.startsWith(${literal(it.v)})` : `${it.f} ${OPERATORS[it.op]} ${literal(it.v)}`;
  return optional ? `(${present} && ${test})` : `(${test})`;
};

const environment = new Environment({ unlistedVariablesAreDyn: true });

/** Common Expression Language, parsed once. */
export const engine = eachRule((condition) =>
  environment.parse(
    writtenAs<string>(condition, {
      leaf,
      all: (parts) => `(${parts.join(' && ')})`,
      any: (parts) => `(${parts.join(' || ')})`,
    }),
  ),
);
