import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { awsJson } from '../../scripts/aws-json.ts';
import { cdk, DEPLOY, synthesize } from '../../scripts/emulator.ts';
import { boot } from '../scenarios/boot.ts';
import { addPerson, approve, draftCampaign, submit } from '../scenarios/people.ts';

const emulator = inject('emulator')!;
const aws = awsJson(emulator.url);
const root = join(import.meta.dirname, '..', '..');

type Execution = { executionArn: string; name: string; status: string };
const executionsOf = async (machine: string): Promise<Execution[]> => {
  const machines = await aws<{ stateMachines: { name: string; stateMachineArn: string }[] }>(
    'states',
    'AWSStepFunctions.ListStateMachines',
    {},
  );
  const found = machines.stateMachines.find(({ name }) => name.includes(machine));
  const body = { stateMachineArn: found?.stateMachineArn };
  return (await aws<{ executions: Execution[] }>('states', 'AWSStepFunctions.ListExecutions', body)).executions;
};
const historyOf = async ({ executionArn }: Execution): Promise<string[]> => {
  type History = { events: { type: string; stateEnteredEventDetails?: { name: string } }[] };
  const body = { executionArn, maxResults: 1_000 };
  const { events } = await aws<History>('states', 'AWSStepFunctions.GetExecutionHistory', body);
  return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
};

describe('what was deployed did the work', () => {
  test('a campaign is two executions, one of them waiting for a person, and leaves the queues empty', async () => {
    const herald = await boot();
    await addPerson(herald, 'p1', { phone: '+12025550001', attributes: { city: 'Oslo' } });
    await herald.cloud.clock.idle();
    const draft = await draftCampaign(herald, { city: 'Oslo', policy: ['sms'] });
    await submit(herald, draft);
    const mine = async (machine: string) => {
      const all = await executionsOf(machine);
      return all.filter(({ name }) => name.includes(draft.id));
    };
    expect((await mine('ApprovePlan')).map(({ status }) => status)).toEqual(['RUNNING']);
    expect(await mine('RunCampaign')).toEqual([]);
    await approve(herald, draft);
    await herald.finished(draft.id);

    const [approval] = await mine('ApprovePlan');
    expect(approval?.status).toBe('SUCCEEDED');
    expect(await historyOf(approval as Execution)).toEqual([
      ...['IsAnAudience', 'CheckSubmission', 'AwaitLevel', 'Settle', 'IsSettled', 'Settled'],
    ]);
    const [run] = await mine('RunCampaign');
    const ended = async () => (await mine('RunCampaign'))[0]?.status === 'SUCCEEDED';
    expect(await herald.cloud.clock.advanceUntil(ended, 30_000)).toBe(true);
    const states = ['WaitUntilDue', 'PrepareSnapshot', 'TakeSnapshot', 'DispatchSnapshot', 'FinishOnceDrained'];
    expect(await historyOf(run as Execution)).toEqual(states);
    console.log(`Approval: ${(await historyOf(approval as Execution)).join(' → ')}; run: ${states.join(' → ')}`);

    // Everything went through the queues, nothing is left in them, and nothing died.
    const { QueueUrls } = await aws<{ QueueUrls: string[] }>('sqs', 'AmazonSQS.ListQueues', {});
    const counts = await Promise.all(
      QueueUrls.filter((url) => /\/Herald\w*-emulator-/.test(url)).map(async (QueueUrl) => {
        const body = { QueueUrl, AttributeNames: ['All'] };
        const { Attributes } = await aws<{ Attributes: Record<string, string> }>(
          'sqs',
          'AmazonSQS.GetQueueAttributes',
          body,
        );
        const name = QueueUrl.split('/')
          .at(-1)
          ?.replace(/^Herald\w*-emulator-/, '')
          .replace(/[0-9A-F]{8}-.*$/, '');
        return [
          name,
          Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible),
        ];
      }),
    );
    console.log(`Queues: ${counts.map(([name, count]) => `${name} ${count}`).join(', ')}`);
    expect(counts.filter(([, count]) => count !== 0)).toEqual([]);
  });
});

describe('a second deployment', () => {
  /** A copy of the project, to be changed without touching the one that runs this. */
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'herald-deploy-'));
    const folders = ['bin', 'core', 'lambdas', 'lib', 'statemachines'];
    for (const part of [...folders, 'cdk.json', 'package.json', 'package-lock.json', 'tsconfig.json'])
      cpSync(join(root, part), join(copy, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    // What was bundled for the first deployment: only what is changed is bundled again, by the same package-lock.json.
    cpSync(join(root, '.herald', 'bundles'), join(copy, '.herald', 'bundles'), { recursive: true });
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));
  const change = (file: string, from: string | RegExp, to: string) => {
    const path = join(copy, file);
    const before = readFileSync(path, 'utf8');
    const after = before.replace(from, to);
    expect(after, `${file} has ${from}`).not.toBe(before);
    writeFileSync(path, after);
  };
  const deployCopy = async () => {
    try {
      synthesize(emulator, copy);
      cdk(emulator, DEPLOY, copy);
    } finally {
      // This process stood still meanwhile: it has yet to hear of connections that were closed, or it would use one.
      await turn();
    }
  };
  const titleOf = async () => {
    const herald = await boot();
    return (await herald.api.must<{ info: { title: string } }>('GET /v1/openapi.json')).info.title;
  };
  const stackStatus = async () => {
    const query = new URLSearchParams({
      Action: 'DescribeStacks',
      Version: '2010-05-15',
      StackName: 'Herald-emulator',
    });
    const reply = await fetch(`${emulator.url}/?${query}`, {
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cloudformation/aws4_request' },
    });
    return /<StackStatus>(\w+)</.exec(await reply.text())?.[1];
  };

  test('updates a changed handler in place: the same API, people and data, the new code', async () => {
    const herald = await boot();
    await addPerson(herald, 'stays', { phone: '+12025550002' });
    change('core/access/openapi.ts', "title: 'Herald'", `title: 'Herald, changed'`);
    await deployCopy();
    expect(await stackStatus()).toBe('UPDATE_COMPLETE');
    expect(await titleOf()).toBe('Herald, changed');
    const viewer = await herald.as('viewer-vera');
    expect((await herald.api.call(`GET /v1/profiles/${herald.own('stays')}`, viewer)).status).toBe(200);
  });

  test('that fails rolls back, and the version before goes on serving', async () => {
    const before = await titleOf();
    change('core/access/openapi.ts', /title: 'Herald[^']*'/, "title: 'Herald, broken'");
    // A signal that never comes, waited for after the functions are updated: the new code has to go again.
    change('lib/platform.ts', 'import { CfnOutput,', 'import { CfnOutput, CfnWaitCondition, CfnWaitConditionHandle,');
    change('lib/platform.ts', 'new Access(this', 'const access = new Access(this');
    change(
      'lib/platform.ts',
      "    new CfnOutput(this, 'BusName'",
      `    const { ref: handle } = new CfnWaitConditionHandle(this, 'Handle');
    new CfnWaitCondition(this, 'Never', { handle, timeout: '2' }).node.addDependency(access);
    new CfnOutput(this, 'BusName'`,
    );
    await expect(deployCopy()).rejects.toThrow(/UPDATE_ROLLBACK/);
    expect(await stackStatus()).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await titleOf()).toBe(before);
    const herald = await boot();
    await addPerson(herald, 'after', { phone: '+12025550003' });
  });
});
