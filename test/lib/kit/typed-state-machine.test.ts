import { readdirSync, readFileSync } from 'node:fs';
import validateAsl from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { fillDefinition } from '../../../lib/kit/typed-state-machine.ts';

/** `${name}`, which linters take for a forgotten template. */
const hole = (name: string) => ['$', `{${name}}`].join('');
const jsonata = (body: string) => `{"QueryLanguage": "JSONata", "Comment": "${body}"}`;

describe('placeholders', () => {
  test('are replaced wherever they stand', () => {
    const text = jsonata(`${hole('A')} and ${hole('B')} and ${hole('A')}`);
    expect(JSON.parse(fillDefinition('m', text, { A: '1', B: '2' })).Comment).toBe('1 and 2 and 1');
  });

  test('JSONata expressions are left alone', () => {
    const text = jsonata(`{% $states.input.x & '{y}' %} ${hole('A')}`);
    expect(fillDefinition('m', text, { A: '1' })).toContain("{% $states.input.x & '{y}' %} 1");
  });

  test.each([
    {
      name: 'a placeholder without a value',
      text: jsonata(`${hole('A')} ${hole('B')}`),
      values: { A: '1' },
      error: 'm: no value for B; given are A',
    },
    {
      name: 'a value without a placeholder',
      text: jsonata(hole('A')),
      values: { A: '1', C: '3' },
      error: 'm: no placeholder for C; it has A',
    },
    {
      name: 'JSONPath',
      text: '{"StartAt": "A"}',
      values: {},
      error: "QueryLanguage is undefined, Herald's is JSONata",
    },
    { name: 'text that is not JSON', text: '{', values: {}, error: 'JSON' },
  ])('$name fails the synthesis', ({ text, values, error }) => {
    expect(() => fillDefinition('m', text, values)).toThrow(error);
  });
});

describe('the definitions of Herald', () => {
  const folder = 'statemachines';
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.asl.json'));
  const definitionOf = (file: string) =>
    JSON.parse(
      readFileSync(`${folder}/${file}`, 'utf8').replaceAll(
        /\$\{\w+\}/g,
        'arn:aws:lambda:us-east-1:000000000000:function:f',
      ),
    );

  type State = { Type: string; Retry?: unknown[]; Catch?: unknown[]; ItemProcessor?: Machine; End?: boolean };
  type Machine = { States: Record<string, State> };
  const statesOf = ({ States }: Machine): [string, State][] =>
    Object.entries(States).flatMap(([name, state]) => [
      [name, state] as [string, State],
      ...(state.ItemProcessor ? statesOf(state.ItemProcessor) : []),
    ]);

  test('are all there', () => {
    expect(files.sort()).toEqual([
      'audience/change-list.asl.json',
      'audience/cleanse-stores.asl.json',
      'audience/erase-person.asl.json',
      'audience/export-person.asl.json',
      'audience/fit-model.asl.json',
      'audience/freeze-sample.asl.json',
      'audience/import-profiles.asl.json',
      'audience/refresh-segment.asl.json',
      'delivery/release-parked.asl.json',
      'strategy/approve-plan.asl.json',
      'strategy/enter-on-schedule.asl.json',
      'strategy/follow-participant.asl.json',
      'strategy/repeat-campaign.asl.json',
      'strategy/run-campaign.asl.json',
    ]);
  });

  test.each(files)('%s is valid', (file) => {
    const result = validateAsl(definitionOf(file), { checkPaths: false, checkArn: true });
    expect(result.isValid, result.errorsText('\n')).toBe(true);
  });

  test.each(files)('%s: every task is tried again', (file) => {
    const tasks = statesOf(definitionOf(file)).filter(([, { Type }]) => Type === 'Task');
    expect(tasks.filter(([, { Retry }]) => !Retry?.length).map(([name]) => name)).toEqual([]);
  });
});
