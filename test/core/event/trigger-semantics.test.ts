import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MAX_DEPTH as MAX_CONDITION_DEPTH } from '../../../core/audience/tree-bounds.ts';
import { MAX_AHEAD_MS } from '../../../core/event/accept.ts';
import { type Condition, condition, MAX_CONDITION_BYTES } from '../../../core/event/condition.ts';
import { type Facts, holds } from '../../../core/event/evaluate.ts';
import { type AcceptedEvent, MAX_EVENT_BYTES, MAX_EVENTS_PER_CALL } from '../../../core/event/event.ts';
import { MAX_DEPTH as MAX_EVENT_DEPTH } from '../../../core/event/hazard.ts';
import { buildSnapshot, loadMatcher } from '../../../core/event/matcher.ts';
import { plainMatch, type Rule } from '../../../core/event/plain-matcher.ts';
import { patternsOf } from '../../../core/event/trigger.ts';
import { triggerInput } from '../../../core/event/trigger-input.ts';
import { due, type Firing, observe, type WindowState } from '../../../core/event/window.ts';
import { definitionOf, MAX_WHOLE_BYTES, MAX_WINDOW_EVENTS } from '../../../core/event/window-state.ts';
import { fieldErrors } from '../../../lambdas/middleware/parse-request.ts';

// docs/trigger-semantics.md is the specification. Here each row of its tables is run.

type Row = { line: number; cells: string[] };
const PAGE = readFileSync(new URL('../../../docs/trigger-semantics.md', import.meta.url), 'utf8').split('\n');

/** Rows of all tables whose first column has this title. */
const rowsOf = (title: string): Row[] => {
  const rows: Row[] = [];
  let isInside = false;
  PAGE.forEach((text, at) => {
    if (!text.startsWith('|')) isInside = false;
    else if (text.startsWith(`| ${title} |`)) isInside = true;
    else if (isInside && !text.startsWith('|---')) {
      rows.push({
        line: at + 1,
        cells: text
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      });
    }
  });
  return rows;
};
const spansOf = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '');
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

/** Of a time of the day of the tables. */
const clock = (text: string): number => Date.parse(`2026-11-18T${text.length === 5 ? `${text}:00` : text}Z`);
type Arriving = { event: AcceptedEvent; nowMs: number };

/** `c1 cart 10:00 {"sku":7} > 10:05` */
const arrivals = (spans: readonly string[]): Arriving[] => {
  let nowMs = 0;
  return spans.map((span) => {
    const [, id = '', type = '', time = '', json, arrived] =
      /^(\S+) (\S+) ([\d:.]+)(?: (\{.*\}))?(?: > ([\d:.]+))?$/.exec(span) ?? [];
    if (!id) throw new Error(`${span} is no event`);
    const timeMs = clock(time);
    nowMs = Math.max(nowMs, clock(arrived ?? time));
    const properties = JSON.parse(json ?? '{}') as Record<string, unknown>;
    const event = { id, type, profileId: 'ada', source: 'shop', timeMs, receivedMs: nowMs, properties };
    return { event, nowMs };
  });
};

/** The messages that a trigger sends to one person, with time passing as in production, timers included. */
const messages = (definition: string, spans: readonly string[]): string[] => {
  const rest = { name: 'T', templateId: 't', channelPolicy: ['sms'], topic: 't', lane: 'transactional' };
  const { window, ...trigger } = triggerInput.parse({ ...rest, ...(JSON.parse(definition) as object) });
  if (!window) throw new Error(`${definition} has no window`);
  const own = { ...trigger, window };
  let state: WindowState | undefined;
  const timers: Arriving[] = [];
  const sent = new Map<string, string>();
  const take = ({ state: next, fire, timer }: ReturnType<typeof observe>, event: AcceptedEvent, nowMs: number) => {
    if (next) state = JSON.parse(JSON.stringify(next)) as WindowState;
    if (timer) timers.push({ event, nowMs: timer.dueMs });
    if (fire && nowMs <= fire.deadlineMs) send(fire, nowMs);
  };
  const send = ({ event, window: { firing, value } }: Firing, nowMs: number) => {
    const time = new Date(nowMs).toISOString().slice(11, 19).replace(/:00$/, '');
    if (!sent.has(firing)) sent.set(firing, `${event.id} ${time}${value === undefined ? '' : ` = ${value}`}`);
  };
  const ring = (untilMs: number) => {
    timers.sort((a, b) => a.nowMs - b.nowMs);
    while (timers[0] && timers[0].nowMs <= untilMs) {
      const { event, nowMs } = timers.shift() as Arriving;
      const timer = { triggerId: 't', definition: definitionOf(own), event, dueMs: nowMs };
      take(due(own, state, timer, nowMs), event, nowMs);
    }
  };
  for (const { event, nowMs } of arrivals(spans)) {
    // Who arrives with the very millisecond of a decision is still in time.
    ring(nowMs - 1);
    patternsOf(own).forEach(({ eventType }, role) => {
      if (eventType === event.type) take(observe(own, state, event, role, nowMs), event, nowMs);
    });
  }
  ring(Number.POSITIVE_INFINITY);
  return [...sent.values()];
};

describe('windows', () => {
  const rows = rowsOf('definition');
  test('the tables are there', () => expect(rows.length).toBeGreaterThan(25));
  test.each(rows.map(({ line, cells }) => [line, ...cells] as const))(
    'line %i: %s %s fires %s',
    (_, definition, events, fires) => {
      expect(messages(spansOf(definition)[0] ?? '', spansOf(events))).toEqual(spansOf(fires));
      expect(spansOf(fires).length > 0).toBe(fires !== 'nothing');
    },
  );
});

describe('limits', () => {
  const inCode: Record<string, number> = {
    'nesting of `all`, `any`, `not` and item conditions': MAX_CONDITION_DEPTH,
    'JSON of one condition, bytes': MAX_CONDITION_BYTES,
    'JSON of one event, bytes': MAX_EVENT_BYTES,
    'nesting of one event': MAX_EVENT_DEPTH,
    'events of one call': MAX_EVENTS_PER_CALL,
    'events of a person that a window tells apart': MAX_WINDOW_EVENTS,
    'highest limit of a sliding count': MAX_WINDOW_EVENTS,
    'events kept whole for one person and window, bytes': MAX_WHOLE_BYTES,
    'how far in the future an event may be, seconds': MAX_AHEAD_MS / 1_000,
  };
  const told = new Map(rowsOf('limit').map(({ cells: [name, value] }) => [name, Number(value?.replaceAll(',', ''))]));

  test.each(Object.entries(inCode))('%s: %i', (name, value) => expect(told.get(name)).toBe(value));

  const a = { property: 'a', equals: 1 };
  const of = (name: string): number => told.get(name) ?? Number.NaN;
  const trigger = (more: object) => ({
    ...{ name: 'T', eventType: 't', templateId: 't', channelPolicy: ['sms'], topic: 't', lane: 'transactional' },
    ...more,
  });
  const nested = (depth: number): object => (depth === 1 ? a : { not: nested(depth - 1) });
  const inItems = (depth: number): object => (depth === 1 ? { equals: 1 } : { not: inItems(depth - 1) });
  const times = (length: number) => Array.from({ length }, (_, n) => n);
  const path = (names: number, length = 1) =>
    times(names)
      .map(() => 'a'.repeat(length))
      .join('.');

  test.each<[name: string, make: (amount: number) => unknown]>([
    ['nesting of `all`, `any`, `not` and item conditions', nested],
    ['nesting of `all`, `any`, `not` and item conditions', (n) => ({ property: 'a', anyItem: inItems(n - 1) })],
    ['conditions in one `all` or `any`', (n) => ({ all: times(n).map(() => a) })],
    ['conditions in one `all` or `any`', (n) => ({ any: times(n).map(() => a) })],
    ['values of one `in`', (n) => ({ property: 'a', in: times(n) })],
    ['text in a condition, UTF-16 units', (n) => ({ property: 'a', like: '*'.repeat(n) })],
    ['text in a condition, UTF-16 units', (n) => ({ property: 'a', equals: 'x'.repeat(n) })],
    ['names in a path', (n) => ({ property: path(n), equals: 1 })],
    ['characters of one name', (n) => ({ property: path(2, n), equals: 1 })],
    ['days of a relative date', (n) => ({ property: 'a', withinDays: n })],
    [
      'JSON of one condition, bytes',
      (bytes) => {
        const filled = (lengths: number[]) => ({
          all: lengths.map((length) => ({ property: 'a', equals: 'x'.repeat(length) })),
        });
        const most = times(50).map(() => 256);
        const room = bytes - JSON.stringify(filled([...most, ...times(9).map(() => 0)])).length;
        return filled([...most, ...times(9).map((n) => Math.floor(room / 9) + Number(n < room % 9))]);
      },
    ],
  ])('%s: as many are taken, one more is refused', (name, make) => {
    expect(condition.safeParse(make(of(name))).success).toBe(true);
    expect(condition.safeParse(make(of(name) + 1)).success).toBe(false);
  });

  test.each<[name: string, make: (amount: number) => object]>([
    ['conditions of one `where`', (n) => ({ where: times(n).map(() => a) })],
    ['length of a window, days', (n) => ({ window: { count: true, within: { days: n }, reaches: 1 } })],
    ['length of a window, days', (n) => ({ window: { count: true, within: { seconds: n * 86_400 }, reaches: 1 } })],
    ['highest limit of a sliding count', (n) => ({ window: { count: true, within: { days: 1 }, reaches: n } })],
    ['lateness, seconds', (n) => ({ maxLatenessSeconds: n })],
  ])('%s: a trigger takes as many, and not one more', (name, make) => {
    expect(triggerInput.safeParse(trigger(make(of(name)))).success).toBe(true);
    expect(triggerInput.safeParse(trigger(make(of(name) + 1))).success).toBe(false);
  });
});
