import { expect, test } from 'vitest';
import { journeyReportOf } from '../../../core/measurement/journey-report.ts';

const row = (node: string, kind: string, way: string, place: string, steps: number) => {
  return { node, kind, way, place, steps: String(steps) };
};

test('counts who came, rests and left, by which way; goals and those held out apart', () => {
  expect(
    journeyReportOf([
      row('', 'entry', 'event', 'passed', 10),
      row('', 'entry', 'held-out', 'last', 2),
      row('hello', 'message', 'next', 'passed', 10),
      row('order', 'wait-for-event', 'waits', 'passed', 7),
      row('order', 'wait-for-event', 'waits', 'last', 3),
      row('order', 'wait-for-event', 'ordered', 'passed', 4),
      row('order', 'wait-for-event', 'timeout', 'passed', 2),
      row('order', 'wait-for-event', 'exit-criterion', 'last', 1),
      row('done', 'exit', 'exit', 'last', 6),
      row('', 'goal', 'bought', 'goal', 5),
    ]),
  ).toEqual({
    ...{ entered: 10, heldOut: 2, inside: 3, ended: { 'exit-criterion': 1, exit: 6 }, goals: { bought: 5 } },
    nodes: {
      hello: { kind: 'message', entered: 10, inside: 0, left: { next: 10 } },
      order: { kind: 'wait-for-event', entered: 10, inside: 3, left: { ordered: 4, timeout: 2, 'exit-criterion': 1 } },
      done: { kind: 'exit', entered: 6, inside: 0, left: { exit: 6 } },
    },
  });
});

test('nobody yet', () => {
  expect(journeyReportOf([])).toEqual({ entered: 0, heldOut: 0, inside: 0, ended: {}, goals: {}, nodes: {} });
});
