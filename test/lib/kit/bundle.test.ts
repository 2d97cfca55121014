import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BundleSize, bundleFolder, bundleHandlers, handlerEntries } from '../../../lib/kit/bundle.ts';

/** Budget of architecture.md, 10: minified, what a cold start must read. */
const MAX_STATIC_BYTES = 300_000;
const entries = await handlerEntries();

describe('bundles', () => {
  let sizes: BundleSize[];
  beforeAll(async () => {
    sizes = await bundleHandlers();
  }, 120_000);

  test.each(entries)('%s starts from at most 300 KB', (entry) => {
    const size = sizes.find((one) => one.entry === entry);
    expect(size?.staticBytes).toBeGreaterThan(1_000);
    expect(size?.staticBytes).toBeLessThanOrEqual(MAX_STATIC_BYTES);
    expect(size?.totalBytes).toBeGreaterThanOrEqual(size!.staticBytes);
  });

  test.each(entries)('%s needs nothing but Node', (entry) => {
    const { imports } = sizes.find((one) => one.entry === entry)!;
    expect(imports.filter((specifier) => !isBuiltin(specifier))).toEqual([]);
    for (const file of readdirSync(bundleFolder(entry))) {
      // esbuild's stand-in for a require() that it could not resolve; an ES module has none, so it would throw.
      expect(readFileSync(`${bundleFolder(entry)}/${file}`, 'utf8')).not.toContain('Dynamic require of');
    }
  });

  test('bundling again changes no byte, so a release changes only what changed', async () => {
    const entry = entries[0]!;
    const index = `${bundleFolder(entry)}/index.mjs`;
    const before = readFileSync(index);
    rmSync(index);
    expect(await bundleHandlers([entry])).toEqual([sizes[0]]);
    expect(readFileSync(index).equals(before)).toBe(true);
  });

  test('a bundle whose sources changed is made again, one that is fresh is not', async () => {
    const entry = entries[0]!;
    const [index, stamp] = [`${bundleFolder(entry)}/index.mjs`, `${bundleFolder(entry)}.json`];
    const before = readFileSync(index);
    writeFileSync(index, 'not what the sources give');
    await bundleHandlers([entry]);
    expect(readFileSync(index, 'utf8')).toBe('not what the sources give');

    const noted = JSON.parse(readFileSync(stamp, 'utf8'));
    noted.inputs[`lambdas/${entry}.ts`] = 'hash of an older version';
    writeFileSync(stamp, JSON.stringify(noted));
    await bundleHandlers([entry]);
    expect(readFileSync(index).equals(before)).toBe(true);
  });
});
