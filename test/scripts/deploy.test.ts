import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readArguments } from '../../scripts/deploy.ts';
import { refused, serveAccount } from './account.ts';

describe('arguments', () => {
  const plain = {
    stage: 'dev',
    preflightOnly: false,
    skipPreflight: false,
    profile: undefined,
    region: undefined,
    cdk: [],
  };
  test.each<[string, object]>([
    ['', {}],
    ['--stage prod', { stage: 'prod' }],
    ['--stage=prod --preflight-only', { stage: 'prod', preflightOnly: true }],
    ['--skip-preflight --require-approval never', { skipPreflight: true, cdk: ['--require-approval', 'never'] }],
    ['-v --stage prod --hotswap', { stage: 'prod', cdk: ['-v', '--hotswap'] }],
    [
      '--profile shop --region eu-west-1',
      { profile: 'shop', region: 'eu-west-1', cdk: ['--profile', 'shop', '--region', 'eu-west-1'] },
    ],
  ])('%s', (line, expected) => {
    expect(readArguments(line.split(' ').filter(Boolean))).toEqual({ ...plain, ...expected });
  });

  test.each([
    ['--stage staging', 'There is no stage staging to deploy; there are dev, prod'],
    ['--stage local', 'There is no stage local to deploy'],
    ['--stage', 'There is no stage'],
    ['-c stage=prod', 'Name the stage with --stage'],
    ['--context=stage=prod', 'Name the stage with --stage'],
    ['--preflight-only --skip-preflight', 'leave nothing to do'],
  ])('%s is refused', (line, why) => {
    expect(() => readArguments(line.split(' '))).toThrow(why);
  });
});

describe('npm run deploy', () => {
  let server: Awaited<ReturnType<typeof serveAccount>>;
  beforeAll(async () => {
    server = await serveAccount();
  });
  afterAll(() => server.stop());

  /** Not spawnSync: the account answers from this process. */
  const deploy = (...args: string[]): Promise<{ code: number; output: string }> =>
    new Promise((resolve) => {
      const script = join(import.meta.dirname, '..', '..', 'scripts', 'deploy.ts');
      const child = execFile(process.execPath, [script, ...args], (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
      );
    });

  test('names the stages when there is no such one', async () => {
    expect(await deploy('--stage', 'staging')).toEqual({
      code: 1,
      output: 'There is no stage staging to deploy; there are dev, prod (lib/stages.ts)\n',
    });
  });

  test('stops before cdk when something would fail', async () => {
    server.become({ GetParameter: refused('ParameterNotFound') });
    const { code, output } = await deploy('--app', 'exit 3');
    expect(code).toBe(1);
    expect(output).toContain('stop    CDK is not bootstrapped here. To do: npx cdk bootstrap');
    expect(output).not.toContain('Subprocess');
    expect(await deploy('--preflight-only')).toEqual({ code: 1, output: expect.stringContaining('is not deployed') });
  });

  test('goes on to cdk after warnings, with the stage and what else was given', async () => {
    server.become({});
    expect(await deploy('--preflight-only')).toEqual({ code: 0, output: expect.stringMatching(/^ok .*\nwarning /s) });
    const { code, output } = await deploy('--stage', 'prod', '--app', 'echo $CDK_CONTEXT_JSON; exit 3');
    expect(output).toMatch(/"stage":"prod"/);
    expect(output).toMatch(/error code 3|exited with error 3/);
    expect(code).toBe(1);
  });

  test('asks AWS nothing when told to skip', async () => {
    server.become({ GetCallerIdentity: refused('ExpiredToken', 403) });
    const { output } = await deploy('--skip-preflight', '--app', 'exit 3');
    expect(output).not.toMatch(/^(ok|warning|stop) /m);
    expect(output).toMatch(/exited with error 3/);
  });
});
