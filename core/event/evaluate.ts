import type { Field, Profile } from '../audience/profile.ts';
import { answers, listAnswers, valueAt } from '../audience/question.ts';
import type { Consents } from '../delivery/consent.ts';
import type { Condition, Leaf, Subject } from './condition.ts';
import type { AcceptedEvent } from './event.ts';

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
  profile?: Pick<Profile, 'attributes' | Field>;
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
export const leafHolds = (leaf: Leaf, value: unknown, nowMs: number): boolean =>
  'anyItem' in leaf || 'everyItem' in leaf ? listAnswers(value, leaf, nowMs) : answers(value, leaf, nowMs);

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
