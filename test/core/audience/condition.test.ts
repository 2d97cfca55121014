import { describe, expect, it } from 'vitest';
import { answers, isPlainText, type Question, valueAt } from '../../../core/audience/question.ts';

const cases: [question: Question, must: unknown[], mustNot: unknown[]][] = [
  [{ equals: 'Paris' }, ['Paris'], ['paris', 'Paris ', '', undefined, null, ['Paris'], 1, true]],
  [{ equals: 1 }, [1, 1.0], ['1', true, 2, null]],
  [{ equals: 0 }, [0, -0], ['', false, null, undefined]],
  [{ equals: true }, [true], ['true', 1, false, null]],
  [{ notEquals: 'a' }, ['b', 'A', ''], ['a', 1, null, undefined, true, ['b']]],
  [{ notEquals: 1 }, [2, -1], [1, '2', null]],
  [{ in: ['a', 1, false] }, ['a', 1, false], ['1', 'false', 0, null, undefined, ['a']]],
  [{ atLeast: 10 }, [10, 11, 1e300], [9.999, '10', null, undefined, true, [10]]],
  [{ moreThan: 10 }, [10.0001], [10, '11', null]],
  [{ atMost: 10 }, [10, -5], [10.001, '1', null, undefined]],
  [{ lessThan: 10 }, [9.999, -1e300], [10, '9', null, undefined, false]],
  [{ contains: '%' }, ['5 %'], ['5', '', null, 5]],
  [{ contains: 'ö' }, ['schön'], ['schon', 'SCHÖN']],
  [{ startsWith: 'Pa' }, ['Paris', 'Pa'], ['paris', 'a Pa', null, 1]],
  [{ exists: true }, ['', 0, false, [], {}], [null, undefined]],
  [{ exists: false }, [null, undefined], ['', 0, false, []]],
];

describe.each(cases)('%j', (question, must, mustNot) => {
  it.each(must.map((value) => [value]))('holds for %j', (value) => expect(answers(value, question, 0)).toBe(true));
  it.each(mustNot.map((value) => [value]))('fails for %j', (value) => expect(answers(value, question, 0)).toBe(false));
});

describe('valueAt', () => {
  const properties = JSON.parse('{"a":{"b":{"c":1}},"list":[{"x":1}],"text":"abc","none":null,"__proto__":{"y":2}}');
  it.each([
    ['a.b.c', 1],
    ['a.b', { c: 1 }],
    ['a.x', undefined],
    ['none', null],
    ['none.x', undefined],
    ['list.x', undefined],
    ['list.0', undefined],
    ['list.length', undefined],
    ['text.length', undefined],
    ['constructor', undefined],
    ['a.constructor.name', undefined],
    ['__proto__.y', 2],
  ])('%s', (path, value) => expect(valueAt(properties, path)).toEqual(value));
});

it('knows what cannot be written in SQL', () => {
  expect(['', "'", '\n', '😀', '\ud800', 'a\u0000b', '\udc00'].map(isPlainText)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
