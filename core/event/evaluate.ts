import type { Profile } from '../audience/profile.ts';
import { answers, valueAt } from '../audience/question.ts';
import type { Consents } from '../delivery/consent.ts';
import type { Condition, ItemCondition, Leaf, Subject, TriggerQuestion } from './condition.ts';
import type { AcceptedEvent } from './event.ts';
import { instantOf } from './instant.ts';

/** Rows of reference tables: table → key → columns. A row that is not there is missing. */
export type ReferenceRows = Record<string, Record<string, Record<string, unknown> | undefined> | undefined>;

/** What Herald knows of a person's contact state, as conditions read it. */
export type ContactFacts = {
  consents: Consents;
  /** Channel → reason. */
  suppressed: Readonly<Record<string, string | undefined>>;
  touches: number;
  /** ISO 8601. */
  lastTouch?: string;
};

/** What a condition can look at. Whoever has no profile or contact state has none of their values. */
export type Facts = {
  event: Pick<AcceptedEvent, 'type' | 'timeMs' | 'properties'>;
  profile?: Pick<Profile, 'attributes' | 'email' | 'phone' | 'pushToken' | 'timeZone' | 'locale'>;
  contact?: ContactFacts;
  references?: ReferenceRows;
};

/**
 * True when the condition holds: the definition of what triggers mean, read as plainly as it is written. The matcher is
 * faster and must agree; it also asks this for what it cannot index.
 */
export const holds = (condition: Condition, facts: Facts): boolean => {
  if ('all' in condition) return condition.all.every((inner) => holds(inner, facts));
  if ('any' in condition) return condition.any.some((inner) => holds(inner, facts));
  if ('not' in condition) return !holds(condition.not, facts);
  return leafHolds(condition, valueAbout(condition, facts), facts.event.timeMs);
};

/** The answer to a leaf's question, once its subject's value is known. `nowMs` is the time of the event. */
export const leafHolds = (leaf: Leaf, value: unknown, nowMs: number): boolean => {
  if ('anyItem' in leaf) return Array.isArray(value) && value.some((item) => itemHolds(leaf.anyItem, item, nowMs));
  if ('everyItem' in leaf) {
    return Array.isArray(value) && value.length > 0 && value.every((item) => itemHolds(leaf.everyItem, item, nowMs));
  }
  return answersTrigger(value, leaf, nowMs);
};

const itemHolds = (condition: ItemCondition, item: unknown, nowMs: number): boolean => {
  if ('all' in condition) return condition.all.every((inner) => itemHolds(inner, item, nowMs));
  if ('any' in condition) return condition.any.some((inner) => itemHolds(inner, item, nowMs));
  if ('not' in condition) return !itemHolds(condition.not, item, nowMs);
  const { item: path } = condition;
  return answersTrigger(path === undefined ? item : valueAt({ item }, `item.${path}`), condition, nowMs);
};

/** The value that a leaf asks about; undefined and null are both missing. */
export const valueAbout = (subject: Subject, { event, profile, contact, references }: Facts): unknown => {
  if ('property' in subject) return valueAt(event.properties, subject.property);
  if ('attribute' in subject) return profile && valueAt(profile.attributes, subject.attribute);
  if ('field' in subject) return profile?.[subject.field] || undefined;
  if ('consent' in subject) return contact && own(contact.consents, subject.consent);
  if ('suppressed' in subject) return contact && own(contact.suppressed, subject.suppressed);
  if ('contact' in subject) return contact?.[subject.contact];
  const key = referenceKey(valueAt(event.properties, subject.by));
  const rows = references && own(references, subject.reference);
  const row = key === undefined || !rows ? undefined : own(rows, key);
  return row && own(row, subject.column);
};

const own = <T>(object: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined;

/** Keys of reference tables are text; a number is read as JavaScript writes it. Anything else names no row. */
export const referenceKey = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= 256
    ? value
    : typeof value === 'number'
      ? String(value)
      : undefined;

/** Answers what segments can ask too, and what only triggers can. */
export const answersTrigger = (value: unknown, question: TriggerQuestion, nowMs: number): boolean => {
  if ('endsWith' in question) return typeof value === 'string' && value.endsWith(question.endsWith);
  if ('like' in question) return typeof value === 'string' && isLike(value, question.like);
  if ('before' in question) return isDate(value, (ms) => ms < (instantOf(question.before) ?? Number.NaN));
  if ('notBefore' in question) return isDate(value, (ms) => ms >= (instantOf(question.notBefore) ?? Number.NaN));
  if ('withinDays' in question) return isDate(value, (ms) => ms <= nowMs && ms >= nowMs - daysMs(question.withinDays));
  if ('moreThanDaysAgo' in question) return isDate(value, (ms) => ms < nowMs - daysMs(question.moreThanDaysAgo));
  if ('withinNextDays' in question)
    return isDate(value, (ms) => ms >= nowMs && ms <= nowMs + daysMs(question.withinNextDays));
  if ('moreThanDaysAhead' in question) return isDate(value, (ms) => ms > nowMs + daysMs(question.moreThanDaysAhead));
  return answers(value, question);
};

const isDate = (value: unknown, test: (ms: number) => boolean): boolean => {
  const ms = instantOf(value);
  return ms !== undefined && test(ms);
};

/** Whole milliseconds: days may be a fraction. */
export const daysMs = (days: number): number => Math.round(days * 86_400_000);

/**
 * Whether the text is the pattern with some text for each `*`. The parts between the stars are looked for from left to
 * right, each at its first place, which finds a way if there is one: no backtracking, so no pattern is slow.
 */
export const isLike = (value: string, pattern: string): boolean => {
  const parts = pattern.split('*');
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return value === pattern;
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  const end = value.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
};
