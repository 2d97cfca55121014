import type { Condition } from '../condition.ts';
import type { Facts } from '../evaluate.ts';
import type { Needs } from '../facts.ts';
import type { Rule } from '../plain-matcher.ts';
import { buildIndex } from './build-index.ts';
import { conjunctionsOf } from './conjunctions.ts';
import { generate } from './generate.ts';
import type { Index } from './layout.ts';
import { NO_NEEDS, needsNothing, needsOf, ofTheEvent, withNeeds } from './needs.ts';
import { type MatchRules, openIndex } from './open-index.ts';
import type { NumberedConjunction } from './slots.ts';

/** Up to so many conjunctions are tried one after the other; from there on an index is faster (bench/matching). */
export const MAX_GENERATED = 96;

/**
 * Rules of one event type, as a snapshot keeps them: their conditions while they are few, an index when they are many. `gate`
 * finds out, by the event alone, which of `needs` must be read before the rules can be matched; the needs numbered in
 * `always` must be for every event.
 */
export type Section = {
  ids: string[];
  needs: Needs[];
  always: number[];
  rules: Part;
  gate: Part;
};
/** `where` are the conditions of each rule. */
export type Part = { few: readonly (readonly Condition[])[] } | { index: Index };

const numbered = (where: readonly (readonly Condition[])[]): NumberedConjunction[] =>
  where.flatMap((conditions, rule) => conjunctionsOf(conditions).map((tests) => ({ rule, tests })));

/** The event's own parts of the rules' conjunctions, by what the rules need. */
const gateOf = (where: readonly (readonly Condition[])[]) => {
  const needs = new Map<string, { number: number; need: Needs }>();
  const conjunctions: NumberedConjunction[] = [];
  for (const conditions of where) {
    const need = needsOf(conditions);
    if (needsNothing(need)) continue;
    const key = JSON.stringify(need);
    const { number } = needs.get(key) ?? { number: needs.size };
    needs.set(key, { number, need });
    for (const tests of conjunctionsOf(conditions)) conjunctions.push({ rule: number, tests: ofTheEvent(tests) });
  }
  const always = new Set(conjunctions.filter(({ tests }) => tests.length === 0).map(({ rule }) => rule));
  return {
    needs: [...needs.values()].map(({ need }) => need),
    always: [...always],
    conjunctions: conjunctions.filter(({ rule }) => !always.has(rule)),
  };
};

export const buildSection = (rules: readonly Rule[]): Section => {
  const where = rules.map((rule) => rule.where);
  const conjunctions = numbered(where);
  const gate = gateOf(where);
  const ids = rules.map(({ id }) => id);
  const { needs, always } = gate;
  if (conjunctions.length <= MAX_GENERATED) return { ids, needs, always, rules: { few: where }, gate: { few: where } };
  return {
    ids,
    needs,
    always,
    rules: { index: buildIndex(conjunctions, rules.length) },
    gate: { index: buildIndex(gate.conjunctions, needs.length) },
  };
};

export type OpenSection = {
  ids: readonly string[];
  rules: MatchRules;
  /** What must be read to match this event: `NO_NEEDS` when nothing. */
  needs(event: Facts['event']): Needs;
};

export const openSection = ({ ids, needs, always, rules, gate }: Section): OpenSection => {
  const byAlways = always.reduce((sum, number) => withNeeds(sum, needs[number] ?? NO_NEEDS), NO_NEEDS);
  const sometimes = needs.length > always.length;
  const findNeeds =
    !sometimes || 'few' in gate
      ? generate(sometimes && 'few' in gate ? gateOf(gate.few).conjunctions : [])
      : openIndex(gate.index);
  return {
    ids,
    rules: 'few' in rules ? generate(numbered(rules.few)) : openIndex(rules.index),
    needs: (event) => {
      if (!sometimes) return byAlways;
      const count = findNeeds.match({ event });
      return findNeeds.found
        .subarray(0, count)
        .reduce((sum, number) => withNeeds(sum, needs[number] ?? NO_NEEDS), byAlways);
    },
  };
};
