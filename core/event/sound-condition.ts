import type { ItemCondition } from '../audience/question.ts';
import { CHANNELS } from '../delivery/channel.ts';
import type { Condition } from './condition.ts';
import { instantOf } from './instant.ts';

/**
 * Throws when a stored condition is not of the language of this release. The schema of condition.ts lets nothing else in,
 * but the table may hold what another release, or a hand, wrote; and a question that nobody knows would be answered no,
 * or, within a `not`, yes to everybody.
 */
export const assertSound = (condition: Condition): void => {
  const rest = branchesOf(condition);
  if (rest) {
    for (const inner of rest) assertSound(inner as Condition);
    return;
  }
  const names = Object.keys(condition);
  const subject = SUBJECTS.find((members) => Object.keys(members).every((name) => names.includes(name)));
  if (!subject) throw new Error(`No subject in ${JSON.stringify(condition).slice(0, 200)}`);
  for (const [name, isValid] of Object.entries(subject)) assertMember(condition, name, isValid);
  const asked = names.filter((name) => !(name in subject));
  const isList = 'property' in subject || 'attribute' in subject;
  const [question = ''] = asked;
  if (asked.length === 1 && isList && (question === 'anyItem' || question === 'everyItem')) {
    assertSoundItem((condition as Record<string, unknown>)[question] as ItemCondition);
  } else assertQuestion(condition, asked);
};

const assertSoundItem = (condition: ItemCondition): void => {
  const rest = branchesOf(condition);
  if (rest) for (const inner of rest) assertSoundItem(inner as ItemCondition);
  else {
    if ('item' in condition) assertMember(condition, 'item', isText);
    assertQuestion(
      condition,
      Object.keys(condition).filter((name) => name !== 'item'),
    );
  }
};

/** The conditions inside of `all`, `any` and `not`; undefined for a leaf. */
const branchesOf = (condition: unknown): unknown[] | undefined => {
  if (typeof condition !== 'object' || condition === null) throw new Error(`${String(condition)} is no condition`);
  const [name = '', ...more] = Object.keys(condition);
  const inner = (condition as Record<string, unknown>)[name];
  if (name === 'not' && more.length === 0) return [inner];
  return (name === 'all' || name === 'any') && more.length === 0 && Array.isArray(inner) ? inner : undefined;
};

const assertQuestion = (condition: object, asked: readonly string[]): void => {
  const [question = '', ...more] = asked;
  const isValid = Object.hasOwn(QUESTIONS, question) ? QUESTIONS[question] : undefined;
  if (more.length > 0 || !isValid) throw new Error(`No question that this release knows: ${asked.join(', ')}`);
  assertMember(condition, question, isValid);
};

type Check = (value: unknown) => boolean;
const assertMember = (condition: object, name: string, isValid: Check): void => {
  const value = (condition as Record<string, unknown>)[name];
  if (!isValid(value)) throw new Error(`${name} cannot be ${JSON.stringify(value)?.slice(0, 100)}`);
};

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isScalar: Check = (value) => typeof value === 'string' || typeof value === 'boolean' || isNumber(value);
const isDate: Check = (value) => instantOf(value) !== undefined;
const isDays: Check = (value) => isNumber(value) && (value as number) >= 0;

const SUBJECTS: Record<string, Check>[] = [
  { property: isText },
  { attribute: isText },
  { field: isText },
  { consent: isText },
  { suppressed: (value) => (CHANNELS as readonly unknown[]).includes(value) },
  { contact: (value) => value === 'touches' || value === 'lastTouch' },
  { reference: isText, by: isText, column: isText },
];

const QUESTIONS: Record<string, Check> = {
  equals: isScalar,
  notEquals: isScalar,
  in: (value) => Array.isArray(value) && value.length > 0 && value.every(isScalar),
  atLeast: isNumber,
  moreThan: isNumber,
  atMost: isNumber,
  lessThan: isNumber,
  contains: isText,
  startsWith: isText,
  endsWith: isText,
  like: isText,
  exists: (value) => typeof value === 'boolean',
  before: isDate,
  notBefore: isDate,
  withinDays: isDays,
  moreThanDaysAgo: isDays,
  withinNextDays: isDays,
  moreThanDaysAhead: isDays,
};
