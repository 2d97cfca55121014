import { expect, test } from 'vitest';
import { participantPathOf, participantPathQuery } from '../../../core/measurement/participant-path.ts';

const NOON = Date.UTC(2026, 10, 18, 12);
const row = (entry: number, step: number, node: string, kind: string, way: string, why: string) => ({
  ...{ entry: String(entry), step: String(step), version: 'h1', node, kind, way, why, at_ms: String(NOON + step) },
});

test('each entry with its steps, in words; a message that was asked for is named', () => {
  const path = participantPathOf([
    row(1, 1, '', 'entry', 'event', 'signed-up at noon'),
    row(1, 2, 'hello', 'message', 'next', 'Message asked for'),
    row(1, 3, 'hello', 'message', 'exit-criterion', 'closed'),
    row(2, 1, '', 'entry', 'event', 'signed-up again'),
  ]);
  expect(path.entries.map(({ entry, steps }) => [entry, steps.map(({ step, firing }) => [step, firing])])).toEqual([
    [
      1,
      [
        [1, undefined],
        [2, '1.2'],
        [3, undefined],
      ],
    ],
    [2, [[1, undefined]]],
  ]);
  expect(path.entries[0]?.steps[1]).toEqual({
    ...{ step: 2, version: 'h1', node: 'hello', kind: 'message', way: 'next', why: 'Message asked for' },
    ...{ atMs: NOON + 2, firing: '1.2', text: '2026-11-18 12:00:00 UTC  hello (message): next. Message asked for' },
  });
});

test('of whom nothing is known there is nothing', () => {
  expect(participantPathOf([])).toEqual({ entries: [] });
});

test('asks for one person of one journey, whatever their ids are', () => {
  const query = participantPathQuery('j', "o'hara", NOON);
  expect(query).toContain("journey_id = 'j' AND profile_id = 'o''hara'");
  expect(query).toContain("dt >= '2026-11-17'");
});
