import type { Amount, EventCondition, EventPattern, SequenceCondition, Within } from './event-condition.ts';
import { historyOf, type SeenEvent } from './event-predicate.ts';
import { valueAt } from './question.ts';
import type { ResolvedSegment, SegmentCondition } from './segment.ts';
import { isMember, type Person } from './segment-predicate.ts';
import { segmentText } from './segment-text.ts';

/** Whether one person satisfies a segment, part by part: what each condition asks, and what was found about the person. */
export type Explanation =
  | { node: 'all' | 'any' | 'not'; holds: boolean; parts: Explanation[] }
  | { node: 'condition'; holds: boolean; asked: string; found: string };

/**
 * `lists`: what lists are called, by their ids. `eventsFromMs`: the person's older events are not known, so nothing is said about
 * them; absent: all are.
 */
export type Known = { lists: ReadonlyMap<string, string>; eventsFromMs?: number | undefined };

/** Values that are shown of one kind. */
const SHOWN = 5;
const MAX_TEXT = 200;

/** Each part is judged by isMember itself, so the whole says what isMember says. */
export const explain = (tree: ResolvedSegment, person: Person, nowMs: number, known: Known): Explanation => {
  const holds = isMember(tree, person, nowMs);
  const partsOf = (trees: readonly ResolvedSegment[]) => trees.map((one) => explain(one, person, nowMs, known));
  if ('all' in tree) return { node: 'all', holds, parts: partsOf(tree.all) };
  if ('any' in tree) return { node: 'any', holds, parts: partsOf(tree.any) };
  if ('not' in tree) return { node: 'not', holds, parts: partsOf([tree.not]) };
  return { node: 'condition', holds, asked: segmentText(tree), found: foundText(tree, person, nowMs, known) };
};

const foundText = (condition: SegmentCondition, person: Person, nowMs: number, known: Known): string => {
  const { profile, consents, lists } = person;
  if ('attribute' in condition) return valueText(condition.attribute, valueAt(profile.attributes, condition.attribute));
  if ('field' in condition) return valueText(condition.field, profile[condition.field]);
  if ('consent' in condition) {
    const said = Object.hasOwn(consents, condition.consent) ? consents[condition.consent] : undefined;
    return said === undefined
      ? `never said yes or no to “${condition.consent}”`
      : `said ${said ? 'yes' : 'no'} to “${condition.consent}”`;
  }
  if ('list' in condition) {
    const name = known.lists.get(condition.list) ?? condition.list;
    return `is ${lists.has(condition.list) ? '' : 'not '}on the list “${name}”`;
  }
  if ('near' in condition) {
    const { latitude, longitude } = condition.near.attributes;
    return [latitude, longitude].map((name) => valueText(name, valueAt(profile.attributes, name))).join(', ');
  }
  return 'sequence' in condition
    ? sequenceFound(condition, person, nowMs, known)
    : eventFound(condition, person, nowMs, known);
};

const valueText = (name: string, value: unknown): string => {
  if (value === undefined || value === null || value === '') return `${name} is not known`;
  const text = typeof value === 'string' ? `“${value}”` : JSON.stringify(value);
  return `${name} is ${text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT).toWellFormed()}…` : text}`;
};

const eventFound = (condition: EventCondition, person: Person, nowMs: number, known: Known): string => {
  const counted = matching(condition, 'within' in condition ? condition.within : undefined, person, nowMs);
  const found = [timesText(condition, counted, person, known)];
  for (const measure of ['sum', 'avg', 'min', 'max'] as const) {
    const amount = (condition as Partial<Record<typeof measure, Amount>>)[measure];
    if (amount) found.push(amountsText(amount, counted));
  }
  if ('without' in condition) {
    found.push(timesText(condition.without, matching(condition.without, undefined, person, nowMs), person, known));
  }
  return found.join('; ');
};

const sequenceFound = ({ sequence, within }: SequenceCondition, person: Person, nowMs: number, known: Known): string =>
  sequence.map((step) => timesText(step, matching(step, within, person, nowMs), person, known)).join('; then ');

/** Events of the pattern, one copy of each, the oldest first: those that alone would make somebody one who did it. */
const matching = (
  { event, where }: EventPattern,
  within: Within | undefined,
  person: Person,
  nowMs: number,
): SeenEvent[] => {
  const once = { event, ...(where && { where }), count: { atLeast: 1 }, ...(within && { within }) };
  return historyOf(person.events)
    .of(event)
    .filter((one) => isMember(once, { ...person, events: [one] }, nowMs))
    .sort((a, b) => a.timeMs - b.timeMs);
};

const timesText = (
  { event }: EventPattern,
  matched: readonly SeenEvent[],
  person: Person,
  { eventsFromMs = Number.NEGATIVE_INFINITY }: Known,
): string => {
  const isKnown = ({ timeMs }: SeenEvent) => timeMs >= eventsFromMs;
  const since = Number.isFinite(eventsFromMs) ? ` since ${new Date(eventsFromMs).toISOString()}` : '';
  const all = historyOf(person.events).of(event).filter(isKnown).length;
  const counted = matched.filter(isKnown);
  const [first, last] = [counted.at(0), counted.at(-1)];
  if (all === 0) return since ? `did not do “${event}”${since}` : `never did “${event}”`;
  if (!first || !last) return `did “${event}” ${times(all)}${since}, none of which counts here`;
  const whole =
    counted.length === all
      ? `${times(all)}${since}`
      : `${times(all)}${since}, of which ${counted.length} ${counted.length === 1 ? 'counts' : 'count'} here`;
  const [from, to] = [first, last].map(({ timeMs }) => new Date(timeMs).toISOString());
  return `did “${event}” ${whole}, ${counted.length === 1 ? `at ${from}` : `first at ${from}, last at ${to}`}`;
};

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const amountsText = ({ property }: Amount, counted: readonly SeenEvent[]): string => {
  const values = counted
    .map(({ properties }) => valueAt(properties, property))
    .filter((value) => typeof value === 'number');
  if (values.length === 0) return `none has a number as ${property}`;
  const shown = values.slice(-SHOWN).join(', ');
  return `${property} was ${values.length > SHOWN ? `last ${shown} (${values.length} numbers)` : shown}`;
};
