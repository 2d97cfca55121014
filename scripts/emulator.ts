import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import { pythonTools } from './python-tools.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, '.herald', 'emulator');
const stateFile = join(folder, 'state.json');

/** What is running: two processes of ours, and what the deployment gave. */
export type Emulator = {
  /** MiniStack, which speaks the AWS APIs. */
  url: string;
  /** The inbox where push and SMS end, which MiniStack has no API for. */
  inboxUrl: string;
  pids: number[];
  outputs: Record<string, Record<string, string>>;
};

const ENVIRONMENT = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
/** Environment of everything that talks to the emulator: no credential of the machine's owner gets in. */
export const emulated = (url: string): Record<string, string> => ({
  ...(Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))) as object),
  ...ENVIRONMENT,
  AWS_DEFAULT_REGION: ENVIRONMENT.AWS_REGION,
  AWS_ENDPOINT_URL: url,
  AWS_EC2_METADATA_DISABLED: 'true',
  // MiniStack runs functions by the first `node`.
  PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
});

/** The emulator that `startEmulator` left running, if it still does. */
export const runningEmulator = (): Emulator | undefined => {
  if (!existsSync(stateFile)) return undefined;
  const state = JSON.parse(readFileSync(stateFile, 'utf8')) as Emulator;
  return state.pids.every(isOurs) ? state : undefined;
};

/** Starts MiniStack and the inbox on free loopback ports. They outlive this process: end them by `stopEmulator`. */
export const startEmulator = async (say: (line: string) => void): Promise<Emulator> => {
  stopEmulator();
  const bin = await pythonTools(say);
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  // MiniStack's own scripts in there are CommonJS, and the project around it is not.
  writeFileSync(join(folder, 'tmp', 'package.json'), '{ "type": "commonjs" }');
  const port = await freePort();
  const server = background(join(bin, 'ministack'), [], 'ministack.log', {
    ...emulated(`http://127.0.0.1:${port}`),
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    // A name: a URL whose host ends in a number, as in api-id.execute-api.127.0.0.1, is none by the URL standard.
    MINISTACK_HOST: 'localhost',
    // It unpacks the functions there and keeps its state in memory.
    TMPDIR: join(folder, 'tmp'),
    // Otherwise it listens on fixed ports of its own beside the one it was given.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
  });
  const url = `http://127.0.0.1:${port}`;
  const inboxPort = await freePort();
  const inbox = background(
    process.execPath,
    [join(root, 'scripts', 'emulator-inbox.ts'), String(inboxPort)],
    'inbox.log',
  );
  const state: Emulator = {
    url,
    inboxUrl: `http://127.0.0.1:${inboxPort}`,
    pids: [server.pid ?? 0, inbox.pid ?? 0],
    outputs: {},
  };
  save(state);
  await Promise.all([answers(`${url}/_ministack/health`), answers(`${state.inboxUrl}/_local/inbox.json`)]);
  return state;
};

/** Where the app of a project is synthesized for the emulator. */
const OUTPUT = join('.herald', 'cdk.emulator');
type Addresses = Pick<Emulator, 'url' | 'inboxUrl'>;

/** `cdk synth` of stage `emulator` of the project in `cwd`: `cdk` takes it from there, as often as it is called. */
export const synthesize = (emulator: Addresses, cwd = root): void => {
  const context = ['-c', 'stage=emulator', '-c', `channelEndpoint=${emulator.inboxUrl}`];
  commandLine(emulator, ['synth', '--quiet', ...context, '--output', OUTPUT], cwd);
  // Where constructs come from: for each event of a stack the command line reads all of it, which takes longer than the stack.
  const folder = join(cwd, OUTPUT);
  for (const name of readdirSync(folder)) if (name.endsWith('.metadata.json')) writeFileSync(join(folder, name), '{}');
};

/** Runs the pinned CDK command line on what was synthesized of the project in `cwd`; throws with its last lines when it fails. */
export const cdk = (emulator: Addresses, args: string[], cwd = root): string =>
  commandLine(emulator, [...args, '--app', OUTPUT], cwd);

const commandLine = (emulator: Addresses, args: string[], cwd: string): string => {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules', '.bin', 'cdk'), args, {
    cwd,
    encoding: 'utf8',
    env: {
      ...emulated(emulator.url),
      NO_COLOR: '1',
      CI: '1',
      // CDK's own look at the templates takes as long as all the rest, and the deployment will say what is wrong.
      CDK_VALIDATION: 'false',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    },
  });
  const text = `${stdout}${stderr}`;
  if (status !== 0)
    throw new Error(`cdk ${args.join(' ')} ended with ${status}:\n${text.split('\n').slice(-60).join('\n')}`);
  return text;
};

export const DEPLOY = ['deploy', '--all', '--require-approval', 'never'];

/** `cdk synth`, `cdk bootstrap` and `cdk deploy` of all stacks. */
export const deploy = async (emulator: Emulator, say: (line: string) => void): Promise<Emulator> => {
  const timed = (what: string, work: () => void) => {
    const startedAt = performance.now();
    work();
    say(`${what}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  };
  const outputsFile = join(folder, 'outputs.json');
  timed('cdk synth', () => synthesize(emulator));
  timed('cdk bootstrap', () => cdk(emulator, ['bootstrap', 'aws://000000000000/us-east-1']));
  timed('cdk deploy', () => cdk(emulator, [...DEPLOY, '--outputs-file', outputsFile]));
  await verifySender(emulator);
  const deployed = { ...emulator, outputs: JSON.parse(readFileSync(outputsFile, 'utf8')) };
  save(deployed);
  return deployed;
};

/** SES sends for verified domains only, there as on AWS (docs/deploy.md). */
const verifySender = async ({ url }: Emulator): Promise<void> => {
  const ses = new AwsClient({ accessKeyId: 'test', secretAccessKey: 'test', region: 'us-east-1', service: 'ses' });
  const body = JSON.stringify({ EmailIdentity: 'example.com' });
  const headers = { 'content-type': 'application/json' };
  const response = await ses.fetch(`${url}/v2/email/identities`, { method: 'POST', headers, body });
  if (!response.ok && response.status !== 400)
    throw new Error(`example.com was not verified: ${await response.text()}`);
};

/** Ends the processes that `startEmulator` started, with their children. */
export const stopEmulator = (): void => {
  if (!existsSync(stateFile)) return;
  const { pids } = JSON.parse(readFileSync(stateFile, 'utf8')) as Emulator;
  for (const pid of pids.filter(isOurs)) {
    try {
      // Each leads a group of its own, which its Lambda workers are in.
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  rmSync(folder, { recursive: true, force: true });
};

/** The last lines of what MiniStack and the inbox wrote, which goes with them. */
export const emulatorLogs = (lines = 20): string =>
  ['ministack.log', 'inbox.log']
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8').trimEnd();
      return `${name}:\n${text.split('\n').slice(-lines).join('\n')}`;
    })
    .join('\n');

const save = (state: Emulator) => writeFileSync(stateFile, JSON.stringify(state, null, 2));

const background = (command: string, args: string[], log: string, env = process.env): ChildProcess => {
  const file = openSync(join(folder, log), 'a');
  const child = spawn(command, args, { cwd: folder, env, detached: true, stdio: ['ignore', file, file] });
  child.on('error', () => {});
  child.unref();
  return child;
};

/** The process is alive and one that we started: by now its number may be another's. */
const isOurs = (pid: number): boolean => {
  if (pid <= 0) return false;
  const proc = `/proc/${pid}/cmdline`;
  const command = existsSync('/proc/self/cmdline')
    ? existsSync(proc) && readFileSync(proc, 'utf8')
    : spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  return /ministack|emulator-inbox/.test(String(command));
};

const answers = async (url: string): Promise<void> => {
  for (let tries = 0; tries < 150; tries += 1) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await wait(200);
  }
  throw new Error(`${url} does not answer; its log is in ${folder}`);
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
