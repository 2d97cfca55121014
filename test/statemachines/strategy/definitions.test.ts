import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../../statemachines/strategy');

type Rule = {
  ErrorEquals: string[];
  MaxAttempts?: number;
  Next?: string;
  IntervalSeconds?: number;
  BackoffRate?: number;
  MaxDelaySeconds?: number;
};
type State = {
  Type: string;
  Comment?: string;
  Next?: string;
  End?: boolean;
  Retry?: Rule[];
  Catch?: Rule[];
};
type Machine = { StartAt: string; States: Record<string, State> };

const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Machine & { Comment: string };

/** Seconds that a retry policy waits altogether. */
const waits = ({
  IntervalSeconds = 1,
  BackoffRate = 2,
  MaxDelaySeconds = Number.POSITIVE_INFINITY,
  MaxAttempts = 3,
}: Rule) =>
  Array.from({ length: MaxAttempts }, (_, n) => Math.min(IntervalSeconds * BackoffRate ** n, MaxDelaySeconds)).reduce(
    (a, b) => a + b,
    0,
  );

describe.each(readdirSync(folder))('%s', (file) => {
  const machine = read(file);

  test('is valid Amazon States Language', () => {
    const text = readFileSync(join(folder, file), 'utf8').replace(
      /\$\{\w+\}/g,
      'arn:aws:lambda:eu-west-1:123456789012:function:f',
    );
    const { isValid, errorsText } = validate(JSON.parse(text), { checkPaths: true, checkArn: true });
    expect(isValid, errorsText('\n')).toBe(true);
  });

  const check = (states: Machine) => {
    const reached = new Set([states.StartAt]);
    for (const name of reached) {
      const state = states.States[name] as State;
      for (const next of [state.Next, ...(state.Catch ?? []).map(({ Next }) => Next)]) if (next) reached.add(next);
    }
    expect([...reached].sort()).toEqual(Object.keys(states.States).sort());
    for (const [name, state] of Object.entries(states.States)) {
      if (state.Type === 'Task') {
        expect(state.Retry, `${name} retries`).toBeDefined();
        expect(state.Catch?.at(-1)?.ErrorEquals, `${name} catches`).toEqual(['States.ALL']);
      }
    }
  };
  test('every state is reached, every Task retries and catches', () => check(machine));

  test('the arithmetic in comments is right', () => {
    const all = Object.entries(machine.States);
    for (const [name, { Comment = '', Retry = [] }] of all) {
      const said = /= (\d+) s/.exec(Comment)?.[1];
      if (said === undefined) continue;
      expect(waits(Retry.at(-1) as Rule), name).toBe(Number(said));
    }
  });
});

test('the wait for the drain lasts about seven days', () => {
  const rule = read('run-campaign.asl.json').States.FinishOnceDrained?.Retry?.find(
    ({ ErrorEquals }) => ErrorEquals[0] === 'NotDrained',
  );
  const days = waits(rule as Rule) / 86_400;
  expect(days).toBeGreaterThan(6.5);
  expect(days).toBeLessThan(7.5);
});
