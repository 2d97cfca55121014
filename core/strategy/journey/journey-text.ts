import { askedText, quoted } from '../../audience/question-text.ts';
import type { Leaf } from '../../event/condition.ts';
import { type Facts, valueAbout } from '../../event/evaluate.ts';
import { isMember, isMembership, type Membership, type Memberships } from './branch-condition.ts';
import type { EndReason, RefusedReason, Step } from './participant.ts';

// The words in which steps and their reasons are told: the report, `why` and the simulation have the same.

const SECOND_MS = 1_000;
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** `2026-12-01 09:00:00 UTC`. */
export const timeText = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** `3 days`, `90 minutes`, `1 hour`: in the largest unit that is whole. */
export const lengthText = (ms: number): string => {
  const [unit, length] = UNITS.find(([, one]) => ms >= one && ms % one === 0) ?? ['second', SECOND_MS];
  const count = ms / length;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
};

/** `5 %`, `33.3 %`. */
export const percentText = (percent: number): string => `${Math.round(percent * 100) / 100} %`;

/** Where chance has put somebody: `23.41 of 100`. */
export const bucketText = (bucket: number): string => `${(Math.floor(bucket * 10_000) / 100).toFixed(2)} of 100`;

const MAX_VALUE = 60;
const MAX_VALUES = 5;

const subjectText = (leaf: Leaf): string => {
  if ('property' in leaf) return `event.${leaf.property}`;
  if ('attribute' in leaf) return leaf.attribute;
  if ('field' in leaf) return leaf.field;
  if ('consent' in leaf) return `consent to ${leaf.consent}`;
  if ('suppressed' in leaf) return `suppressed on ${leaf.suppressed}`;
  if ('contact' in leaf) return leaf.contact === 'touches' ? 'number of touches' : 'last touch';
  return `${leaf.reference}.${leaf.column}`;
};

const valueText = (value: unknown): string => {
  if (value === undefined || value === null) return 'is not known';
  const text = typeof value === 'string' ? quoted(value) : JSON.stringify(value);
  return `is ${text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE).toWellFormed()}…` : text}`;
};

/** What was seen of a person by those who asked these questions: `country is “FR”, not in segment regulars`. Five subjects at most. */
export const seenText = (questions: readonly (Leaf | Membership)[], facts: Facts, memberships: Memberships): string => {
  const texts = questions.map((one) => {
    if (!isMembership(one)) return `${subjectText(one)} ${valueText(valueAbout(one, facts))}`;
    const of = 'segment' in one.in ? `segment ${one.in.segment}` : `list ${one.in.list}`;
    return `${isMember(one, memberships) ? 'in' : 'not in'} ${of}`;
  });
  const once = [...new Set(texts)];
  return `${once.slice(0, MAX_VALUES).join(', ')}${once.length > MAX_VALUES ? ' …' : ''}`;
};

/** A question of a branch, for messages about it: `country is “FR”`. */
export const questionText = (question: Leaf | Membership): string => {
  if (!isMembership(question)) return `${subjectText(question)} ${askedText(question)}`;
  return 'segment' in question.in ? `in segment ${question.in.segment}` : `in list ${question.in.list}`;
};

export const END_TEXTS: Record<EndReason, string> = {
  exit: 'Came to an exit',
  goal: 'Reached a goal that ends the journey',
  'exit-criterion': 'Met an exit criterion',
  'held-out': 'Held out, to be compared with the others',
  'too-long': 'Was inside for as long as the journey allows',
  'node-gone': 'The next node is not in the version in force',
  'version-ended': 'Another version was published, and those inside were to leave',
  stopped: 'The journey was stopped',
  removed: 'Was taken out',
  endless: 'Came to more nodes at once than the journey has',
};

export const REFUSED_TEXTS: Record<RefusedReason, string> = {
  inside: 'Does not enter: was inside when it happened',
  'once-only': 'Does not enter: has been in it before',
  'too-soon': 'Does not enter: too soon after the last entry',
  'often-enough': 'Does not enter: has been in it as often as it allows',
  'held-out': 'Does not enter: held out, to be compared with the others',
  'too-late': 'Does not enter: the event came too late',
  'before-live': 'Does not enter: it happened before the journey was live',
  paused: 'Does not enter: the journey is paused',
  stopped: 'Does not enter: the journey was stopped',
};

/** One line: `2026-12-01 09:00:00 UTC  offer (message): next. Message asked for`. */
export const stepText = ({
  atMs,
  node,
  kind,
  way,
  why,
}: Pick<Step, 'atMs' | 'node' | 'kind' | 'way' | 'why'>): string =>
  `${timeText(atMs)}  ${node ? `${node} (${kind})` : kind}: ${way}. ${why}`;
