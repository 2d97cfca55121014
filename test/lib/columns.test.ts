import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { routes } from '../../core/access/routes.ts';
import { handlerEntries } from '../../lib/kit/bundle.ts';

const foldersOf = (path: string) =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

/** What makes a noun's part of the stack: `lib/<noun>.ts`, and the files of `lib/<noun>/` where one is not enough. */
const constructsOf = (noun: string): string =>
  [
    `lib/${noun}.ts`,
    ...(existsSync(`lib/${noun}`) ? readdirSync(`lib/${noun}`).map((file) => `lib/${noun}/${file}`) : []),
  ]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');

const NOUNS = ['access', 'audience', 'delivery', 'intake', 'measurement', 'operations', 'strategy'];
const entries = await handlerEntries();

describe('the same nouns in every column', () => {
  test('lambdas/ has a folder per noun, and what handlers share', () => {
    expect(foldersOf('lambdas')).toEqual([...NOUNS, 'adapters', 'middleware'].sort());
  });

  test('core/ has them too; what intake takes in is called event, and operations decides nothing', () => {
    const wanted = NOUNS.filter((noun) => noun !== 'operations').map((noun) => (noun === 'intake' ? 'event' : noun));
    expect(foldersOf('core')).toEqual(wanted.sort());
  });

  test.each(NOUNS)('lib/%s makes every function of its folder, and no other', (noun) => {
    const text = constructsOf(noun);
    const made = [...text.matchAll(/entry: '([^']+)'/g)].map(([, entry]) => entry!).sort();
    expect(made).toEqual(entries.filter((entry) => entry.startsWith(`${noun}/`)));
  });

  test.each(foldersOf('statemachines'))('lib/%s makes every state machine of its folder, and no other', (noun) => {
    const text = constructsOf(noun);
    const made = [...text.matchAll(/definition: '([^']+)'/g)].map(([, definition]) => `${definition}.asl.json`).sort();
    expect(made).toEqual(
      readdirSync(`statemachines/${noun}`)
        .map((file) => `${noun}/${file}`)
        .sort(),
    );
  });

  test.each(entries)('%s has its environment beside it', (entry) => {
    expect(existsSync(`lambdas/${entry}.env.ts`)).toBe(true);
  });

  test('every route has its handler', () => {
    expect([...new Set(routes.map(({ handler }) => handler))].filter((handler) => !entries.includes(handler))).toEqual(
      [],
    );
  });
});
