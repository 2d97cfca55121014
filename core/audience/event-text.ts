import type { Amount, Comparison, EventCondition, EventPattern, SequenceCondition, Within } from './event-condition.ts';
import { askedText, dateAsked, daysText, quoted } from './question-text.ts';
import { treeText } from './tree-text.ts';

/** "who did “purchase” at least 2 times in the last 90 days". */
export const eventText = (condition: EventCondition): string => {
  const what = patternText(condition);
  if ('first' in condition) return `whose first ${what} ${dateAsked(condition.first)}`;
  if ('last' in condition) return `whose last ${what} ${dateAsked(condition.last)}`;
  const when = withinText(condition.within);
  if ('count' in condition) return countText(what, condition.count, when);
  if ('sum' in condition) return amountText('sum', what, condition.sum, when);
  if ('avg' in condition) return amountText('average', what, condition.avg, when);
  if ('min' in condition) return amountText('least', what, condition.min, when);
  if ('max' in condition) return amountText('greatest', what, condition.max, when);
  const { without } = condition;
  return `who did ${what}${when} and not ${patternText(without)} within ${daysText(without.withinDays)} after it`;
};

/** "who did “visit”, then “cart”, then “purchase”, within 3 days". */
export const sequenceText = ({ sequence, withinDays, within }: SequenceCondition): string => {
  const limit = withinDays === undefined ? '' : `, within ${daysText(withinDays)}`;
  const when = withinText(within);
  return `who did ${sequence.map(patternText).join(', then ')}${limit}${when && `,${when}`}`;
};

const patternText = ({ event, where = [] }: EventPattern): string => {
  if (where.length === 0) return quoted(event);
  const [only, ...others] = where;
  const tree = only && others.length === 0 ? only : { all: where };
  return `${quoted(event)} (${treeText(tree, (leaf) => `its ${leaf.property} ${askedText(leaf)}`)})`;
};

const withinText = (within: Within | undefined): string => {
  if (!within) return '';
  if ('days' in within) return ` in the last ${daysText(within.days)}`;
  return within.until === undefined ? ` since ${within.since}` : ` from ${within.since} until ${within.until}`;
};

const countText = (what: string, count: Comparison, when: string): string => {
  if ('equals' in count && count.equals === 0) return `who did not do ${what}${when}`;
  if ('atLeast' in count && count.atLeast === 1) return `who did ${what}${when}`;
  return `who did ${what} ${comparisonText(count)} ${Object.values(count)[0] === 1 ? 'time' : 'times'}${when}`;
};

const amountText = (measure: string, what: string, { property, is }: Amount, when: string): string =>
  `whose ${measure} of ${property} over ${what}${when} is ${comparisonText(is)}`;

const comparisonText = (comparison: Comparison): string => {
  if ('atLeast' in comparison) return `at least ${comparison.atLeast}`;
  if ('moreThan' in comparison) return `more than ${comparison.moreThan}`;
  if ('atMost' in comparison) return `at most ${comparison.atMost}`;
  if ('lessThan' in comparison) return `less than ${comparison.lessThan}`;
  return `exactly ${comparison.equals}`;
};
