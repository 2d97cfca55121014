import { describe, expect, test } from 'vitest';
import { type Condition, condition } from '../../../core/event/condition.ts';
import { type Facts, holds } from '../../../core/event/evaluate.ts';
import { buildSnapshot, loadMatcher } from '../../../core/event/matcher.ts';
import { plainMatch, type Rule } from '../../../core/event/plain-matcher.ts';
import { fieldErrors } from '../../../lambdas/middleware/parse-request.ts';
import { rowsOf, spansOf } from './semantics-page.ts';

// docs/trigger-semantics.md is the specification. Here each row of its tables is run.

/** Undefined stands for a value that is missing. */
const valueOfSpan = (span: string): unknown => (span === 'missing' ? undefined : JSON.parse(span));
const NOON = Date.parse('2026-11-18T12:00:00Z');

type Told = {
  time?: string;
  properties?: Record<string, unknown>;
  attributes?: Record<string, string>;
  consents?: Record<string, boolean>;
  suppressed?: Record<string, string>;
  touches?: number;
  lastTouch?: string;
  references?: NonNullable<Facts['references']>;
};
/** What a cell tells of the event and of the person, as conditions look at it. */
const factsOf = (told: Told): Facts => {
  const { time, properties = {}, attributes, consents, suppressed, touches, lastTouch, references, ...fields } = told;
  const isKnown = attributes !== undefined || Object.keys(fields).length > 0;
  const hasContact = [consents, suppressed, touches, lastTouch].some((one) => one !== undefined);
  return {
    event: { type: 'happened', timeMs: time ? Date.parse(time) : NOON, properties },
    ...(isKnown && { profile: { attributes: attributes ?? {}, ...fields } }),
    ...(hasContact && {
      contact: {
        consents: consents ?? {},
        suppressed: suppressed ?? {},
        touches: touches ?? 0,
        ...(lastTouch !== undefined && { lastTouch }),
      },
    }),
    ...(references && { references }),
  };
};

const parse = (input: unknown): Condition => {
  const parsed = condition.safeParse(input);
  if (!parsed.success) throw new Error(JSON.stringify(fieldErrors(parsed.error.issues)));
  return parsed.data;
};

type Case = { line: number; input: Condition; facts: Facts; expected: boolean; told: string };

const conditionCases: Case[] = rowsOf('condition').flatMap(({ line, cells: [asked, must, mustNot] }) => {
  const [input] = spansOf(asked);
  const cases = (cell: string | undefined, expected: boolean) =>
    spansOf(cell).map((told) => {
      const facts = factsOf(JSON.parse(told) as Told);
      return { line, input: JSON.parse(input ?? '') as Condition, facts, expected, told };
    });
  return [...cases(must, true), ...cases(mustNot, false)];
});

/** The same question about the same value, wherever that may stand. */
const placesOf = (question: object, value: unknown): [Condition, Told][] => {
  const own = value === undefined ? {} : { value };
  return [
    [{ property: 'value', ...question }, { properties: own }],
    [{ property: 'deep.value', ...question }, { properties: { deep: own } }],
    [{ attribute: 'value', ...question }, { attributes: own as Record<string, string> }],
    [
      { reference: 'table', by: 'key', column: 'value', ...question },
      { properties: { key: 'k' }, references: { table: { k: own } } },
    ],
    [{ property: 'list', anyItem: { item: 'value', ...question } }, { properties: { list: [own] } }],
    [{ property: 'list', everyItem: { item: 'value', ...question } }, { properties: { list: [own, own] } }],
    ...(value === undefined
      ? []
      : ([[{ property: 'list', anyItem: question }, { properties: { list: [value] } }]] as [Condition, Told][])),
  ] as [Condition, Told][];
};

const questionCases: Case[] = rowsOf('question')
  .filter(({ cells }) => cells[0]?.startsWith('`{'))
  .flatMap(({ line, cells: [asked, must, mustNot] }) => {
    const question = JSON.parse(spansOf(asked)[0] ?? '') as object;
    const cases = (cell: string | undefined, expected: boolean) =>
      spansOf(cell).flatMap((span) =>
        placesOf(question, valueOfSpan(span)).map(([input, told]) => ({
          ...{ line, input, facts: factsOf(told), expected, told: span },
        })),
      );
    return [...cases(must, true), ...cases(mustNot, false)];
  });

const cases = [...conditionCases, ...questionCases];
/** Each condition of the page, and its negation, as a rule of its own. */
const rules = [...new Set(cases.map(({ input }) => JSON.stringify(input)))].flatMap((text): Rule[] => {
  const one = parse(JSON.parse(text));
  const of = (id: string, where: Condition[]) => ({ id, eventType: 'happened', where });
  return [of(text, [one]), of(`not ${text}`, [{ not: one }])];
});
const all = loadMatcher(buildSnapshot(rules));
const grown = loadMatcher(buildSnapshot(rules.slice(0, 7)));
for (const rule of rules.slice(7)) grown.add(rule);

describe('conditions and questions', () => {
  test('the tables are there', () => {
    expect(conditionCases.length).toBeGreaterThan(90);
    expect(questionCases.length).toBeGreaterThan(900);
  });

  test.each(
    cases.map((one) => [one.line, one.expected ? 'must match' : 'must not match', one.told, one.input, one] as const),
  )('line %i: %s %s %j', (_line, _word, _told, _input, { input, facts, expected }) => {
    const parsed = parse(input);
    expect(holds(parsed, facts)).toBe(expected);
    expect(holds({ not: parsed }, facts)).toBe(!expected);
    const id = JSON.stringify(input);
    const alone: Rule = { id: 'alone', eventType: 'happened', where: [parsed] };
    expect(plainMatch([alone], facts)).toEqual(expected ? ['alone'] : []);
    expect(loadMatcher(buildSnapshot([alone])).match(facts)).toEqual(expected ? ['alone'] : []);
    // All rules of the page together, which are enough for the index; whatever this row is about, they must all be right.
    const found = all.match(facts);
    expect(found.includes(id)).toBe(expected);
    expect(found.includes(`not ${id}`)).toBe(!expected);
    expect(grown.match(facts).sort()).toEqual(found.sort());
  });

  test('every rule of the page against every fact of the page', () => {
    const different = [...new Map(cases.map(({ facts }) => [JSON.stringify(facts), facts])).values()];
    for (const facts of different) expect(all.match(facts).sort()).toEqual(plainMatch(rules, facts).sort());
  });

  test('another event type matches nothing', () => {
    for (const type of ['Happened', 'happened ', '', 'constructor', '__proto__']) {
      const facts = factsOf({ properties: { a: 1 } });
      expect(all.match({ ...facts, event: { ...facts.event, type } })).toEqual([]);
    }
  });
});

describe('what is refused', () => {
  test.each(rowsOf('refused condition').map(({ line, cells }) => [line, ...cells] as const))(
    'line %i: %s at %s: %s',
    (_line, asked, at, because) => {
      const parsed = condition.safeParse(JSON.parse(spansOf(asked)[0] ?? ''));
      const errors = parsed.success ? [] : fieldErrors(parsed.error.issues);
      expect(errors).toContainEqual({ path: spansOf(at)[0] ?? '', message: expect.stringContaining(because ?? '?') });
      expect(errors[0]?.path).toBe(spansOf(at)[0] ?? '');
    },
  );
});
