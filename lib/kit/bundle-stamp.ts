import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleSize } from './bundle.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What decides how inputs become a bundle: a change here makes every bundle old. */
const RECIPE = ['package-lock.json', 'lib/kit/bundle.ts', 'lib/kit/mjml-diet.ts', 'lib/kit/sdk-diet.ts'];

type Stamp = { recipe: string; inputs: Record<string, string>; size: BundleSize };

/**
 * Tells whether a bundle is what its sources would give now, by the content of every file that went into it. Bundling
 * all handlers takes seconds, comparing them a fraction of one. Each file is read once per `stamps()`.
 */
export const stamps = () => {
  const hashes = new Map<string, Promise<string>>();
  const hashOf = (path: string): Promise<string> => {
    const known = hashes.get(path) ?? readFile(join(ROOT, path)).then(sha256, () => 'missing');
    hashes.set(path, known);
    return known;
  };
  const recipe = async () => (await Promise.all(RECIPE.map(hashOf))).join();
  const fileOf = (outdir: string) => `${outdir}.json`;

  return {
    /** The size of the bundle in this folder when it is fresh. */
    async fresh(outdir: string): Promise<BundleSize | undefined> {
      if (!existsSync(fileOf(outdir)) || !existsSync(join(outdir, 'index.mjs'))) return undefined;
      const stamp = JSON.parse(await readFile(fileOf(outdir), 'utf8')) as Stamp;
      if (stamp.recipe !== (await recipe())) return undefined;
      const same = await Promise.all(
        Object.entries(stamp.inputs).map(async ([path, hash]) => (await hashOf(path)) === hash),
      );
      return same.every(Boolean) ? stamp.size : undefined;
    },

    /** Notes what the bundle in this folder was made of. Paths are from the root. */
    async put(outdir: string, paths: string[], size: BundleSize): Promise<void> {
      const inputs = Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await hashOf(path)])));
      await writeFile(fileOf(outdir), JSON.stringify({ recipe: await recipe(), inputs, size } satisfies Stamp));
    },
  };
};

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('base64');
