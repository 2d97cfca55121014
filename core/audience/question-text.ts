import type { ItemCondition, ListQuestion, Question, Scalar } from './question.ts';
import type { AnniversaryQuestion } from './segment-tree.ts';
import { treeText } from './tree-text.ts';

/** A text as it is, however many quotes it has. */
export const quoted = (value: Scalar): string => (typeof value === 'string' ? `“${value}”` : String(value));

/** `3 days`, and `0.5 days`; one is `1 day`. */
export const daysText = (days: number): string => `${days} ${days === 1 ? 'day' : 'days'}`;

/** What is asked of a value, to be read after what it is called: "is at least 5". */
export const askedText = (question: Question | ListQuestion | AnniversaryQuestion): string => {
  if ('anyItem' in question) return `has an item that ${itemText(question.anyItem)}`;
  if ('everyItem' in question) return `has items, all of which ${itemText(question.everyItem)}`;
  if ('anniversaryWithinDays' in question) {
    const { anniversaryWithinDays: days } = question;
    return days === 0 ? 'has its anniversary today' : `has its anniversary today or in the next ${daysText(days)}`;
  }
  return numberOrTextAsked(question) ?? dateAsked(question);
};

const numberOrTextAsked = (question: Question): string | undefined => {
  if ('equals' in question) return `is ${quoted(question.equals)}`;
  if ('notEquals' in question) return `is another than ${quoted(question.notEquals)}`;
  if ('in' in question) return `is one of ${question.in.map(quoted).join(', ')}`;
  if ('atLeast' in question) return `is at least ${question.atLeast}`;
  if ('moreThan' in question) return `is more than ${question.moreThan}`;
  if ('atMost' in question) return `is at most ${question.atMost}`;
  if ('lessThan' in question) return `is less than ${question.lessThan}`;
  if ('contains' in question) return `contains ${quoted(question.contains)}`;
  if ('startsWith' in question) return `starts with ${quoted(question.startsWith)}`;
  if ('endsWith' in question) return `ends with ${quoted(question.endsWith)}`;
  if ('like' in question) return `is like ${quoted(question.like)}`;
  if ('exists' in question) return question.exists ? 'is known' : 'is not known';
  return undefined;
};

/** Also of the time of an event. */
export const dateAsked = (question: Question): string => {
  if ('before' in question) return `is before ${question.before}`;
  if ('notBefore' in question) return `is ${question.notBefore} or later`;
  if ('withinDays' in question) return `is in the last ${daysText(question.withinDays)}`;
  if ('moreThanDaysAgo' in question) return `is more than ${daysText(question.moreThanDaysAgo)} ago`;
  if ('withinNextDays' in question) return `is in the next ${daysText(question.withinNextDays)}`;
  const { moreThanDaysAhead } = question as { moreThanDaysAhead: number };
  return `is more than ${daysText(moreThanDaysAhead)} ahead`;
};

const itemText = (condition: ItemCondition): string =>
  treeText<{ item?: string } & Question>(condition, (leaf) =>
    leaf.item === undefined ? askedText(leaf) : `has a ${leaf.item} that ${askedText(leaf)}`,
  );
