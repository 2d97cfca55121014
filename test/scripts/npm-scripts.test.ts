import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

// A shell remembers where it found `node` first. On a machine with an older Node, only `env node` sees the one just installed.
test.each(Object.entries(scripts))('npm run %s looks for Node again after installing it', (_, script) => {
  const [, ...after] = script.split(' && ');
  for (const command of after) expect(command).not.toMatch(/^node /);
});
