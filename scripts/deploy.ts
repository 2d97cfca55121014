import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { STAGES, type StageName, stageConfig } from '../lib/stages.ts';
import { awsClients, type Finding, preflight } from './preflight.ts';

/**
 * `npm run deploy [-- --stage dev|prod] [--preflight-only | --skip-preflight] [more arguments of cdk deploy]`: looks whether
 * the account can take the stage, then deploys all stacks with the CDK command line that package.json pins.
 */
const root = join(import.meta.dirname, '..');
/** These run elsewhere: by `npm start`, and on the emulator by `npm run deploy:emulator`. */
const NOT_ON_AWS: readonly StageName[] = ['local', 'emulator'];

/** What is not Herald's is for cdk, as it was given. Throws with what would be right. */
export const readArguments = (args: string[]) => {
  const { values, tokens } = parseArgs({
    args,
    strict: false,
    tokens: true,
    options: {
      stage: { type: 'string', default: 'dev' },
      'preflight-only': { type: 'boolean', default: false },
      'skip-preflight': { type: 'boolean', default: false },
      profile: { type: 'string' },
      region: { type: 'string' },
    },
  });
  const deployable = STAGES.filter((name) => !NOT_ON_AWS.includes(name));
  const stage = deployable.find((name) => name === values.stage);
  if (!stage) {
    throw new Error(`There is no stage ${values.stage} to deploy; there are ${deployable.join(', ')} (lib/stages.ts)`);
  }
  // It would deploy another stage than the one that was looked at.
  if (args.some((argument) => /^(-c|--context=)?stage=/.test(argument))) {
    throw new Error('Name the stage with --stage, not as context');
  }
  const preflightOnly = values['preflight-only'] === true;
  const skipPreflight = values['skip-preflight'] === true;
  if (preflightOnly && skipPreflight) throw new Error('--preflight-only and --skip-preflight leave nothing to do');
  const own = tokens.flatMap((token) => {
    if (token.kind !== 'option' || !['stage', 'preflight-only', 'skip-preflight'].includes(token.name)) return [];
    return token.value === undefined || token.inlineValue ? [token.index] : [token.index, token.index + 1];
  });
  const text = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined);
  return {
    stage,
    preflightOnly,
    skipPreflight,
    profile: text(values.profile),
    region: text(values.region),
    cdk: args.filter((_, index) => !own.includes(index)),
  };
};

const line = ({ level, what, todo }: Finding): string =>
  `${level.padEnd(8)}${what}${todo === undefined ? '' : `. To do: ${todo}`}`;

/** Exit code: 1 when something stops the deploy, else that of cdk. */
const deploy = async ({
  stage,
  preflightOnly,
  skipPreflight,
  profile,
  region,
  cdk,
}: ReturnType<typeof readArguments>) => {
  // Of these, cdk and the SDK each read others; both read the first.
  const wanted = region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (wanted) process.env.AWS_REGION = wanted;
  if (profile) process.env.AWS_PROFILE = profile;
  if (!skipPreflight) {
    const findings = await preflight(stageConfig(stage), awsClients());
    for (const finding of findings) console.log(line(finding));
    if (findings.some(({ level }) => level === 'stop')) {
      console.error(`\nStage ${stage} is not deployed: see what says stop (docs/deploy.md).`);
      return 1;
    }
    if (preflightOnly) return 0;
  }
  const command = [
    join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk'),
    'deploy',
    '--all',
    '-c',
    `stage=${stage}`,
    ...cdk,
  ];
  return spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' }).status ?? 1;
};

if (import.meta.main) {
  try {
    process.exitCode = await deploy(readArguments(process.argv.slice(2)));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
