import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Rule = { files: RegExp; except?: RegExp; imports: RegExp; why: string };

/** Imports are compared as paths from the root (`core/event/event.ts`) or as package names. */
export const IMPORT_RULES: Rule[] = [
  { files: /^core\//, imports: /^(lambdas|lib|local|bin|test|bench|scripts)\//, why: 'core/ knows only itself' },
  { files: /^core\//, imports: /^(@aws-|aws|@middy|cdk|constructs)/, why: 'core/ knows no AWS' },
  {
    files: /^core\//,
    except: /^node:crypto$/,
    imports: /^node:/,
    why: 'core/ does no I/O; only hashing may come from Node',
  },
  {
    files: /^(bin|core|lib|local|lambdas\/(?!adapters\/))/,
    imports: /^(@aws-sdk\/|aws4fetch$)/,
    why: 'only lambdas/adapters/ calls AWS',
  },
  {
    files: /^lambdas\//,
    imports: /^(lib|bin|scripts|test|bench)\//,
    why: 'a handler does not know how it is deployed',
  },
  { files: /^(bin|core|lambdas|lib)\//, imports: /^local\//, why: 'the app does not know the local cloud' },
  { files: /^lib\//, except: /\.env\.ts$/, imports: /^lambdas\//, why: 'lib/ needs only the environment of a handler' },
];

/** What makes a function of core/ depend on more than its arguments. */
const IMPURE = /\bprocess\.|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandomUUID\(|\bperformance\.now\(/;

const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(\s*|^[ \t]*import\s+)['"]([^'"]+)['"]/gm;

/** Every import of one file that a rule forbids, and every impurity of core/, as `path:line: what (why)`. */
export const faultsOf = (path: string, text: string): string[] => {
  const lineAt = (index: number) => text.slice(0, index).split('\n').length;
  const imports = [...text.matchAll(SPECIFIER)].map(({ 1: specifier, index }) => ({
    target: specifier!.startsWith('.') ? join(path, '..', specifier!) : specifier!,
    line: lineAt(index),
  }));
  const forbidden = IMPORT_RULES.filter(({ files }) => files.test(path)).flatMap(({ except, imports: pattern, why }) =>
    imports
      .filter(({ target }) => pattern.test(target) && !except?.test(target))
      .map(({ target, line }) => `${path}:${line}: imports ${target} (${why})`),
  );
  const impure = path.startsWith('core/')
    ? text.split('\n').flatMap((line, n) => {
        const found = IMPURE.exec(line.replace(/\/\/.*|^\s*\*.*|\/\*.*?\*\//, ''));
        return found ? [`${path}:${n + 1}: ${found[0]} (core/ gets time, ids and randomness as arguments)`] : [];
      })
    : [];
  return [...forbidden, ...impure];
};

const FOLDERS = ['bin', 'core', 'lambdas', 'lib', 'local'];

if (import.meta.main) {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}/${file}`),
  );
  const faults = files.flatMap((file) => faultsOf(file, readFileSync(file, 'utf8')));
  for (const fault of faults) console.error(fault);
  console.log(`check-imports: ${files.length} files, ${faults.length} faults`);
  if (faults.length > 0) process.exitCode = 1;
}
