import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { journeyInput } from '../../../../core/strategy/journey/journey-input.ts';
import { journeyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { goals, judge } from './judging.ts';
import { exit, journeyOf } from './traveller.ts';

const pageOf = (name: string) => readFileSync(join(import.meta.dirname, '../../../../docs', name), 'utf8');
const blocksOf = (text: string) =>
  [...text.matchAll(/```json( node| entry)?\n([\s\S]*?)```/g)].map(([, of = 'journey', json = '']) => ({
    of: of.trim(),
    value: JSON.parse(json) as unknown,
  }));
const page = pageOf('journeys.md');
const blocks = [...blocksOf(page), ...blocksOf(pageOf('experiments.md')).filter(({ of }) => of === 'node')];

test.each(blocks.filter(({ of }) => of === 'journey'))('a journey of the page is sound', ({ value }) => {
  expect(judge(journeyInput.parse(value))).toEqual([]);
});

test.each(blocks.filter(({ of }) => of === 'node'))('a node of the page is sound: $value.kind', ({ value }) => {
  const node = journeyNode.parse(value);
  const ends = Object.fromEntries(['a', 'b', 'c', 'end'].map((id) => [id, exit]));
  const codes = judge(journeyOf({ node, ...ends }, { goals })).map(({ code }) => code);
  expect(codes.filter((code) => code !== 'unreachable-node')).toEqual([]);
});

test.each(blocks.filter(({ of }) => of === 'entry'))('an entry of the page is sound: $value', ({ value }) => {
  const { entry } = journeyInput.parse({ ...journeyOf({ e: exit }), entry: value });
  expect(judge({ ...journeyOf({ e: exit }), entry })).toEqual([]);
});

test('the page tells of every kind of node', () => {
  const kinds = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind);
  expect(kinds.filter((kind) => kind !== 'entry')).toEqual(
    journeyNode._zod.def.options.map((option) => [...(option._zod.propValues?.kind ?? [])][0]),
  );
  expect(blocks.length).toBeGreaterThan(5);
});
