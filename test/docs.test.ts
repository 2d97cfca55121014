import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true }).map((it) => `docs/${it}`),
].filter((path) => path.endsWith('.md'));
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** Texts in backticks, and the lines of shell blocks. */
const quoted = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
const shell = (text: string) =>
  [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, code = '']) => code.split('\n'));

describe.each(documents)('%s', (document) => {
  const text = read(document);

  test('names only npm scripts that exist', () => {
    const names = [...quoted(text), ...shell(text)].flatMap((code) => [
      ...code.matchAll(/npm (?:run )?(start|test|(?<=run )[a-z:]+)/g),
    ]);
    for (const [, name = ''] of names) expect(Object.keys(scripts)).toContain(name);
  });

  test('names only files that exist', () => {
    const paths = quoted(text).filter((code) =>
      /^(bin|core|lambdas|lib|local|statemachines|scripts|docs|test|bench)\/[\w./-]+\.(ts|json|md)$/.test(code),
    );
    for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true);
    for (const [, link = ''] of text.matchAll(/\]\(([^)#:]+)\)/g)) {
      expect(existsSync(join(root, document, '..', link)), link).toBe(true);
    }
  });
});

describe('docs/features.md', () => {
  const rows = read('docs/features.md')
    .split('\n')
    .filter((line) => /^\| [A-Z]\d+ \|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));

  test('has a row for every code', () => {
    const count: Record<string, number> = { I: 7, A: 9, S: 7, D: 10, M: 7, P: 5, O: 7, X: 1 };
    const codes = Object.entries(count).flatMap(([letter, n]) =>
      Array.from({ length: n }, (_, k) => `${letter}${k + 1}`),
    );
    expect(rows.map(([, code]) => code)).toEqual(codes);
  });

  test('a feature that works, or works in part, names tests that exist', () => {
    for (const [, code, , state = '', proof = ''] of rows) {
      expect(state, code).toMatch(/^(works|part|no)/);
      if (state === 'no') continue;
      const tests = quoted(proof).filter((it) => !it.startsWith('npm'));
      expect(tests.length, code).toBeGreaterThan(0);
      for (const path of tests)
        expect(existsSync(join(root, 'test', `${path}.test.ts`)), `${code}: ${path}`).toBe(true);
    }
  });
});
