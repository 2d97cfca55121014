import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { stamps } from './bundle-stamp.ts';
import { mjmlDiet } from './mjml-diet.ts';
import { chardetDiet, sdkDiet } from './sdk-diet.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Folders of lambdas/ that hold what handlers share, not handlers. */
const SHARED = ['adapters', 'middleware'];

/** Builds at once. All 88 at once take 7 GB and 40 s of processor time, four of them 1 GB and 30 s. */
const BUILDS = 4;

/** What a cold start must read and parse before the first invocation, and what it may load later. */
export type BundleSize = {
  /** As in `intake/match-events`. */
  entry: string;
  /** Minified bytes of index.mjs and of every chunk that it imports statically: the budget is on this. */
  staticBytes: number;
  /** Bytes of all files, with the chunks behind `await import()`. */
  totalBytes: number;
  /** What is left for the runtime to find: Node's own modules. */
  imports: string[];
};

/** Folder of the bundled handler, for `Code.fromAsset`. */
export const bundleFolder = (entry: string): string => join(ROOT, '.herald/bundles', entry.replace('/', '-'));

/** Every handler as `<noun>/<verb-noun>`, sorted: the files of lambdas/<noun>/ that export `handler`. */
export const handlerEntries = async (lambdas = join(ROOT, 'lambdas')): Promise<string[]> => {
  const nouns = (await readdir(lambdas, { withFileTypes: true })).filter(
    (d) => d.isDirectory() && !SHARED.includes(d.name),
  );
  const found = await Promise.all(
    nouns.map(async ({ name: noun }) => {
      const files = (await readdir(join(lambdas, noun))).filter((f) => f.endsWith('.ts') && !f.endsWith('.env.ts'));
      const texts = await Promise.all(files.map((file) => readFile(join(lambdas, noun, file), 'utf8')));
      return files
        .filter((_, n) => /^export const handler\b/m.test(texts[n]!))
        .map((f) => `${noun}/${basename(f, '.ts')}`);
    }),
  );
  return found.flat().sort();
};

/**
 * Bundles the handlers (all of them when none are named) into `.herald/bundles/<noun>-<verb-noun>/`, all in one esbuild process: 26 handlers take 4 s on
 * two cores. Each handler is a build of its own: one build with code splitting across handlers takes 0.5 s, but makes
 * each up to 32 KB larger, because a file goes whole into a chunk when any two handlers use anything of it. A handler
 * whose sources are as they were is not bundled again.
 */
export const bundleHandlers = async (entries?: readonly string[]): Promise<BundleSize[]> => {
  // esbuild is a Go program that inherits this: collecting its garbage a quarter as often halves the time (9 -> 4 s).
  process.env.GOGC ??= '400';
  const stamp = stamps();
  const wanted = entries ?? (await handlerEntries());
  const sizes: BundleSize[] = [];
  const left = wanted.entries();
  const work = async () => {
    for (const [n, entry] of left) {
      const folder = bundleFolder(entry);
      sizes[n] = (await stamp.fresh(folder)) ?? (await bundleHandler(entry, folder, stamp));
    }
  };
  await Promise.all(Array.from({ length: BUILDS }, work));
  return sizes;
};

const bundleHandler = async (entry: string, outdir: string, stamp: ReturnType<typeof stamps>): Promise<BundleSize> => {
  const { metafile, outputFiles } = await build({
    ...OPTIONS,
    entryPoints: [{ in: join(ROOT, 'lambdas', `${entry}.ts`), out: 'index' }],
    outdir,
  });
  await writeFolder(
    outdir,
    outputFiles.map(({ path, contents }) => ({ name: basename(path), contents })),
  );
  const size = { entry, ...measure(metafile) };
  await stamp.put(outdir, Object.keys(metafile.inputs), size);
  return size;
};

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  // What is behind `await import()` becomes a chunk that a cold start does not read.
  splitting: true,
  minify: true,
  // ES modules of dependencies, not their CommonJS twins: only these can be tree-shaken.
  mainFields: ['module', 'main'],
  conditions: ['module'],
  legalComments: 'none',
  sourcemap: false,
  logLevel: 'error',
  plugins: [sdkDiet, chardetDiet, mjmlDiet],
} as const satisfies BuildOptions;

/** Follows static imports from the entry through the chunks. */
const measure = ({ outputs }: Metafile): Omit<BundleSize, 'entry'> => {
  const reached = new Set<string>();
  const walk = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { path: to, kind } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && outputs[to]) walk(to);
  };
  walk(Object.keys(outputs).find((path) => basename(path) === 'index.mjs')!);
  const sum = (paths: Iterable<string>) => [...paths].reduce((total, path) => total + outputs[path]!.bytes, 0);
  const external = Object.values(outputs).flatMap(({ imports }) => imports.filter((one) => one.external));
  const imports = [...new Set(external.map(({ path }) => path))].sort();
  return { staticBytes: sum(reached), totalBytes: sum(Object.keys(outputs)), imports };
};

/** Leaves in the folder exactly these files. Two processes may do it at once: same sources, same files, moved whole. */
const writeFolder = async (folder: string, files: { name: string; contents: Uint8Array }[]): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await Promise.all(
    files.map(async ({ name, contents }) => {
      const path = join(folder, name);
      if (existsSync(path) && (await readFile(path)).equals(contents)) return;
      const temporary = `${path}.${process.pid}`;
      await writeFile(temporary, contents);
      await rename(temporary, path);
    }),
  );
  const stale = (await readdir(folder)).filter(
    (name) => name.endsWith('.mjs') && !files.some((file) => file.name === name),
  );
  await Promise.all(stale.map((name) => rm(join(folder, name), { force: true })));
};
