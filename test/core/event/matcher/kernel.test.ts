import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kernelModule } from '../../../../scripts/assemble-kernel.ts';

test('the bytes of the kernel are those of its text; when they are not: node scripts/assemble-kernel.ts', async () => {
  const path = join(import.meta.dirname, '../../../../core/event/matcher/kernel-bytes.ts');
  expect(readFileSync(path, 'utf8')).toBe(await kernelModule());
});
