import { describe, expect, test } from 'vitest';
import { MAX_DEPTH as MAX_CONDITION_DEPTH } from '../../../core/audience/tree-bounds.ts';
import { MAX_AHEAD_MS } from '../../../core/event/accept.ts';
import { MAX_EVENT_BYTES } from '../../../core/event/chunk.ts';
import { condition, MAX_CONDITION_BYTES } from '../../../core/event/condition.ts';
import { type AcceptedEvent, MAX_EVENTS_PER_CALL } from '../../../core/event/event.ts';
import { MAX_DEPTH as MAX_EVENT_DEPTH } from '../../../core/event/hazard.ts';
import { patternsOf } from '../../../core/event/trigger.ts';
import { triggerInput } from '../../../core/event/trigger-input.ts';
import { due, type Firing, observe, type WindowState } from '../../../core/event/window.ts';
import { definitionOf, MAX_WHOLE_BYTES, MAX_WINDOW_EVENTS } from '../../../core/event/window-state.ts';
import { rowsOf, spansOf } from './semantics-page.ts';

// The tables of windows and limits of docs/trigger-semantics.md, see trigger-semantics.test.ts.

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
      const timer = { triggerId: 't', version: 1, definition: definitionOf(own), event, dueMs: nowMs };
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
