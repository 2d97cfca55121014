import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { STAGES } from '../../lib/stages.ts';
import { statementsIn } from './policies.ts';
import { resourcesOf, synthesized } from './synthesized.ts';

const stages = await Promise.all(STAGES.map(async (stage) => ({ stage, ...(await synthesized(stage)) })));

test.each(stages)('stage $stage: every dead-letter queue can be looked at, redriven and discarded', ({ platform }) => {
  const queues = resourcesOf(platform, 'AWS::SQS::Queue');
  const letters = queues.filter(([, { Properties }]) => Properties.RedrivePolicy === undefined).map(([id]) => id);
  const sources = queues.filter(([, { Properties }]) => Properties.RedrivePolicy !== undefined).map(([id]) => id);
  const role = statementsIn(platform).find(({ actions }) => actions.includes('sqs:StartMessageMoveTask'))!.id;
  const allowed = (action: string) =>
    statementsIn(platform)
      .filter(({ id, actions }) => id === role && actions.includes(action))
      .flatMap(({ resources }) => resources);
  const arns = (ids: string[]) => ids.map((id) => `<${id}.Arn>`).sort();
  expect(letters.length).toBeGreaterThan(sources.length);
  for (const action of ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:StartMessageMoveTask'])
    expect(allowed(action).sort()).toEqual(arns(letters));
  expect(allowed('sqs:SendMessage').sort()).toEqual(arns(sources));
});

test.each(stages)('stage $stage: exactly what functions failed at can be asked of them again', ({ platform }) => {
  const configs = resourcesOf(platform, 'AWS::Lambda::EventInvokeConfig').filter(([, { Properties }]) =>
    JSON.stringify(Properties.DestinationConfig).includes('OnFailure'),
  );
  const failing = configs.map(([, { Properties }]) => {
    const { Ref } = Properties.FunctionName as { Ref: string };
    return platform.Resources[Ref]!.Properties.FunctionName as string;
  });
  const role = statementsIn(platform).find(({ actions }) => actions.includes('sqs:StartMessageMoveTask'))!.id;
  const invoked = statementsIn(platform)
    .filter(({ id, actions }) => id === role && actions.includes('lambda:InvokeFunction'))
    .flatMap(({ resources }) => resources.map((arn) => arn.split(':').at(-1)!));
  expect(failing.length).toBeGreaterThan(0);
  expect(invoked.sort()).toEqual(failing.sort());
});

test.each(stages)('stage $stage: the runbook names every queue, and Lambda takes their addresses', ({ platform }) => {
  type Variables = Record<'DEAD_LETTERS' | 'FAILED_INVOCATIONS' | 'UNDELIVERED', object>;
  const variables = resourcesOf(platform, 'AWS::Lambda::Function')
    .map(([, { Properties }]) => (Properties.Environment as { Variables: Partial<Variables> } | undefined)?.Variables)
    .find((some): some is Variables => some?.DEAD_LETTERS !== undefined)!;
  const namesIn = (value: object) => [...JSON.stringify(value).matchAll(/([a-z-]+)\\":/g)].map(([, name]) => name!);
  const names = [variables.DEAD_LETTERS, variables.FAILED_INVOCATIONS].flatMap(namesIn);
  expect(namesIn(variables.UNDELIVERED)).toEqual(['receipts-heard']);
  const runbook = readFileSync(new URL('../../docs/dead-letters.md', import.meta.url), 'utf8');
  const named = names.map((name) => name.replace(/^send-[a-z]+-[a-z]+$/, 'send-<channel>-<lane>'));
  expect(named.filter((name) => !runbook.includes(`| \`${name}\` |`))).toEqual([]);
  // A name of a queue has 80 characters at most, the rest of its URL 52. All variables of a function together: 4 KB.
  expect(names.reduce((sum, name) => sum + name.length + 140, 0)).toBeLessThan(3_700);
});
