import {
  type Counted,
  type Folded,
  type GivenRule,
  LEAD_LATENESS_MS,
  type LeadState,
  MAX_KEPT,
  round2,
  type Share,
} from './lead.ts';

const DAY_MS = 86_400_000;
/** Less than this of a rule that is no more is forgotten: nobody sees it in two decimals. */
const NEGLIGIBLE = 0.001;

/**
 * What is left of a value after a time: value · 2^(−age / half-life). An event of the future, as clocks differ, has not faded
 * yet.
 */
export const decayed = (value: number, ageMs: number, halfLifeMs: number): number =>
  value * 2 ** (-Math.max(0, ageMs) / halfLifeMs);

const dayOf = (timeMs: number): number => Math.floor(timeMs / DAY_MS);

/** In event time; events of one millisecond by their keys, so that the order of arrival makes no difference. */
export const inOrder = (a: Counted, b: Counted): number =>
  a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[2] < b[2] ? -1 : 1);

/** Says of a rule's events, shown in order, whether each counts under the rule's caps. */
const gate = ({ folded, lineDay }: Pick<LeadState, 'folded' | 'lineDay'>) => {
  const times = new Map(Object.entries(folded).map(([key, one]) => [key, one.times]));
  const days = new Map(Object.entries(lineDay.times).map(([key, n]) => [`${key}/${lineDay.day}`, n]));
  return ([timeMs, , key]: Counted, { perDay = Number.POSITIVE_INFINITY, times: most }: GivenRule): boolean => {
    const day = `${key}/${dayOf(timeMs)}`;
    const [ofDay, ofAll] = [days.get(day) ?? 0, times.get(key) ?? 0];
    if (ofDay >= perDay || ofAll >= (most ?? Number.POSITIVE_INFINITY)) return false;
    days.set(day, ofDay + 1);
    times.set(key, ofAll + 1);
    return true;
  };
};

/** The kept events that count, each with its rule. */
const counting = (state: Pick<LeadState, 'folded' | 'lineDay' | 'kept' | 'rules'>): [Counted, GivenRule][] => {
  const counts = gate(state);
  return state.kept.flatMap((one): [Counted, GivenRule][] => {
    const rule = state.rules[one[2]];
    return rule && counts(one, rule) ? [[one, rule]] : [];
  });
};

/** A part of a score that fades by one half-life. */
export type Part = { value: number; halfLifeMs: number };

/** What of the score fades, as it is at `nowMs`: one part for each half-life, points and deductions apart. */
export const partsAt = (state: LeadState, nowMs: number): Part[] => {
  const sums = new Map<string, Part>();
  const add = (value: number, { halfLifeMs }: GivenRule) => {
    const name = `${halfLifeMs}/${value < 0}`;
    sums.set(name, { halfLifeMs, value: value + (sums.get(name)?.value ?? 0) });
  };
  for (const [[timeMs], rule] of counting(state)) add(decayed(rule.points, nowMs - timeMs, rule.halfLifeMs), rule);
  for (const [key, { value }] of Object.entries(state.folded)) {
    const rule = state.rules[key];
    if (rule) add(decayed(value, nowMs - state.lineMs, rule.halfLifeMs), rule);
  }
  return [...sums.values()];
};

export const steadyOf = ({ fit }: Pick<LeadState, 'fit'>): number => fit.reduce((sum, { points }) => sum + points, 0);

/** The score: points of events, faded, and points of the profile as last looked at. */
export const scoreAt = (state: LeadState, nowMs: number): number =>
  partsAt(state, nowMs).reduce((sum, { value }) => sum + value, steadyOf(state));

/** Why the score is what it is: what each rule and trait gives, which together are the score; the weightiest first. */
export const sharesAt = (state: LeadState, nowMs: number): Share[] => {
  const byRule = Map.groupBy(counting(state), ([[, , key]]) => key);
  const shares = Object.entries(state.rules).map(([key, { label, points, halfLifeMs }]) => {
    const own = byRule.get(key) ?? [];
    const folded: Folded = state.folded[key] ?? { value: 0, times: 0, lastMs: 0 };
    const ofKept = own.reduce((sum, [[timeMs]]) => sum + decayed(points, nowMs - timeMs, halfLifeMs), 0);
    return {
      label,
      points: round2(ofKept + decayed(folded.value, nowMs - state.lineMs, halfLifeMs)),
      times: own.length + folded.times,
      lastMs: Math.max(folded.lastMs, ...own.map(([[timeMs]]) => timeMs)),
    };
  });
  return [...shares.filter(({ times }) => times > 0), ...state.fit].sort(
    (a, b) => Math.abs(b.points) - Math.abs(a.points) || (a.label < b.label ? -1 : 1),
  );
};

/** True when the event is in the score, or was. */
export const isKnown = ({ kept }: LeadState, eventKey: string): boolean => kept.some(([, key]) => key === eventKey);

/** True for an event that comes too late to be told from one that counts already. */
export const isTooLate = ({ lineMs }: LeadState, timeMs: number, nowMs: number): boolean =>
  timeMs <= lineMs || timeMs < nowMs - LEAD_LATENESS_MS;

/** The state with more events. What is too old or too many to be kept one by one is folded, the oldest first. */
export const withEvents = (state: LeadState, added: readonly Counted[], nowMs: number): LeadState =>
  foldOld({ ...state, kept: [...state.kept, ...added].sort(inOrder) }, nowMs);

const foldOld = (state: LeadState, nowMs: number): LeadState => {
  const { kept } = state;
  const old = kept.filter(([timeMs]) => timeMs < nowMs - LEAD_LATENESS_MS).length;
  const surplus = Math.max(old, kept.length - MAX_KEPT);
  return surplus > 0 ? fold(state, surplus) : state;
};

/** Moves the first `count` of the kept events into the sums. Whether they count is decided for good then. */
const fold = (state: LeadState, count: number): LeadState => {
  const [gone, kept] = [state.kept.slice(0, count), state.kept.slice(count)];
  const lineMs = Math.max(state.lineMs, ...gone.map(([timeMs]) => timeMs));
  const day = dayOf(lineMs);
  const lineDay = { day, times: state.lineDay.day === day ? { ...state.lineDay.times } : {} };
  const folded = Object.fromEntries(
    Object.entries(state.folded).map(([key, one]) => [
      key,
      { ...one, value: decayed(one.value, lineMs - state.lineMs, state.rules[key]?.halfLifeMs ?? 1) },
    ]),
  );
  for (const [[timeMs, , key], rule] of counting({ ...state, kept: gone })) {
    const { value, times, lastMs } = folded[key] ?? { value: 0, times: 0, lastMs: 0 };
    const points = decayed(rule.points, lineMs - timeMs, rule.halfLifeMs);
    folded[key] = { value: value + points, times: times + 1, lastMs: Math.max(lastMs, timeMs) };
    if (dayOf(timeMs) === day) lineDay.times[key] = (lineDay.times[key] ?? 0) + 1;
  }
  return { ...state, kept, lineMs, folded, lineDay };
};

/** Without what is left of rules that the model no longer has, as soon as it is nothing. */
export const withoutTraces = (state: LeadState, current: ReadonlySet<string>, nowMs: number): LeadState => {
  const used = new Set(state.kept.map(([, , key]) => key));
  const stays = (key: string): boolean => {
    const { value = 0 } = state.folded[key] ?? {};
    const { halfLifeMs = 1 } = state.rules[key] ?? {};
    return (
      current.has(key) || used.has(key) || Math.abs(decayed(value, nowMs - state.lineMs, halfLifeMs)) >= NEGLIGIBLE
    );
  };
  const filtered = <T>(table: Record<string, T>) =>
    Object.fromEntries(Object.entries(table).filter(([key]) => stays(key)));
  return { ...state, rules: filtered(state.rules), folded: filtered(state.folded) };
};

/** Both leads as one: events of both once, sums added. */
export const addLeads = (into: LeadState, from: LeadState, nowMs: number): LeadState => {
  const rules = { ...from.rules, ...into.rules };
  const [older, newer] = into.lineMs < from.lineMs ? [into, from] : [from, into];
  const { lineMs } = newer;
  const folded = { ...newer.folded };
  for (const [key, one] of Object.entries(older.folded)) {
    const { value = 0, times = 0, lastMs = 0 } = folded[key] ?? {};
    const points = decayed(one.value, lineMs - older.lineMs, rules[key]?.halfLifeMs ?? 1);
    folded[key] = { value: value + points, times: times + one.times, lastMs: Math.max(lastMs, one.lastMs) };
  }
  const lineDay = { day: newer.lineDay.day, times: { ...newer.lineDay.times } };
  if (older.lineDay.day === lineDay.day) {
    for (const [key, n] of Object.entries(older.lineDay.times)) lineDay.times[key] = (lineDay.times[key] ?? 0) + n;
  }
  const known = new Map([...into.kept, ...from.kept].map((one) => [`${one[1]}/${one[2]}`, one]));
  return withEvents({ ...into, rules, folded, lineMs, lineDay, kept: [...known.values()] }, [], nowMs);
};
