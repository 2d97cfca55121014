import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../statemachines');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.asl.json'));

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
  Default?: string;
  Choices?: { Next: string }[];
  Retry?: Rule[];
  Catch?: Rule[];
  /** Of a Map. */
  ItemProcessor?: Machine;
};
type Machine = { StartAt: string; States: Record<string, State> };

const textOf = (file: string) => readFileSync(join(folder, file), 'utf8');
const read = (file: string) => JSON.parse(textOf(file)) as Machine;

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

/** The machine, and those inside its Maps, with what a Map around them catches. */
const machinesIn = (machine: Machine, caught = false): { machine: Machine; caught: boolean }[] => [
  { machine, caught },
  ...Object.values(machine.States).flatMap((state) =>
    state.ItemProcessor ? machinesIn(state.ItemProcessor, caught || catchesAll(state)) : [],
  ),
];
const catchesAll = ({ Catch = [] }: State): boolean => Catch.at(-1)?.ErrorEquals.join() === 'States.ALL';

const nextOf = ({ Next, Default, Choices = [], Catch = [] }: State): string[] =>
  [Next, Default, ...[...Choices, ...Catch].map((rule) => rule.Next)].filter((name) => name !== undefined);

describe.each(files)('%s', (file) => {
  test('is valid Amazon States Language', () => {
    const text = textOf(file).replace(/\$\{\w+\}/g, 'arn:aws:lambda:eu-west-1:123456789012:function:f');
    const { isValid, errorsText } = validate(JSON.parse(text), { checkPaths: true, checkArn: true });
    expect(isValid, errorsText('\n')).toBe(true);
  });

  test('every state is reached, every Task retries and is caught, unless it is to be redriven', () => {
    for (const { machine, caught } of machinesIn(read(file))) {
      const reached = new Set([machine.StartAt]);
      for (const name of reached) for (const next of nextOf(machine.States[name] as State)) reached.add(next);
      expect([...reached].sort()).toEqual(Object.keys(machine.States).sort());
      for (const [name, state] of Object.entries(machine.States)) {
        if (state.Type !== 'Task') continue;
        // A wait for a person ends by its timeout, which is no failure to try again.
        expect(['States.ALL', 'States.TaskFailed'], `${name} retries`).toContain(
          state.Retry?.at(-1)?.ErrorEquals.join(),
        );
        // A redrive begins with the state that failed: with the Task, or with the Fail state that a Catch leads to, which fails again.
        const isRedriven = state.Comment?.includes('redriven') ?? false;
        expect(caught || catchesAll(state), `${name} is caught`).toBe(!isRedriven);
      }
    }
  });

  test('the arithmetic in comments is right', () => {
    for (const { machine } of machinesIn(read(file))) {
      for (const [name, { Comment = '', Retry = [] }] of Object.entries(machine.States)) {
        const said = [...Comment.matchAll(/= ([\d,]+) s\b/g)].map(([, seconds = '']) =>
          Number(seconds.replace(',', '')),
        );
        const policies = Retry.map(waits);
        for (const seconds of said) expect(policies, name).toContain(seconds);
      }
    }
  });
});

test('what operators are told to redrive is there', () => {
  const redriven = files.flatMap((file) =>
    Object.entries(read(file).States).flatMap(([name, { Comment }]) => (Comment?.includes('redriven') ? [name] : [])),
  );
  expect(redriven.sort()).toEqual(['FollowParticipant', 'Settle', 'WaitWithParticipant']);
});

test('the wait for the drain lasts about seven days', () => {
  const rule = read('strategy/run-campaign.asl.json').States.FinishOnceDrained?.Retry?.find(
    ({ ErrorEquals }) => ErrorEquals[0] === 'NotDrained',
  );
  const days = waits(rule as Rule) / 86_400;
  expect(days).toBeGreaterThan(6.5);
  expect(days).toBeLessThan(7.5);
});
