import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StageName } from '../lib/stages.ts';

const root = join(import.meta.dirname, '..');
/** All that the synthesized app depends on. */
const SOURCES = ['bin', 'lib', 'lambdas', 'core', 'statemachines', 'cdk.json', 'package-lock.json'];

/**
 * Folder of the synthesized app of a stage, made anew when a source has changed since the last time. The app is run as
 * `cdk synth` would run it, without the CDK command line, which saves two seconds.
 */
export const assembly = (stage: StageName): string => {
  const outdir = join(root, '.herald', `assembly-${stage}`);
  const stamp = join(outdir, 'sources.sha256');
  const hash = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return outdir;
  mkdirSync(outdir, { recursive: true });
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(root, 'bin', 'herald.ts')], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context(), stage }),
      // CDK's own look at the templates takes as long as all the rest: it looks at what goes to AWS.
      CDK_VALIDATION: String(stage === 'dev' || stage === 'prod'),
    },
  });
  if (status !== 0) throw new Error(`The CDK app of stage ${stage} did not synthesize:\n${stdout}${stderr}`);
  writeFileSync(stamp, hash);
  return outdir;
};

/** What cdk.json gives to the app; the CDK command line would pass it on the same way. */
const context = (): object => JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')).context ?? {};

const fingerprint = (): string => {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const path = join(root, source);
    if (!existsSync(path)) continue;
    const files = source.includes('.')
      ? ['']
      : readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
          .sort();
    for (const file of files) hash.update(`${source}/${file}\n`).update(readFileSync(join(path, file)));
  }
  return hash.digest('hex');
};
