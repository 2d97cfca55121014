import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { beforeAll, describe, expect, test } from 'vitest';
import { STAGES } from '../../lib/stages.ts';
import { emptyStack } from './fixtures.ts';
import { appOf, STACKS, synthesized } from './synthesized.ts';

const GOLDEN = 'test/lib/golden';

/** What changes with every edit of a handler says nothing about the infrastructure. */
const mask = (template: object): string =>
  `${JSON.stringify(template, null, 1).replace(/"[0-9a-f]{64}\.zip"/g, '"<asset>.zip"')}\n`;

/** Compares with the file; `UPDATE_GOLDEN=1 npx vitest run test/lib/golden.test.ts` writes it, and the diff is reviewed. */
const expectGolden = (name: string, template: object): void => {
  const path = `${GOLDEN}/${name}.json`;
  const actual = mask(template);
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(GOLDEN, { recursive: true });
    writeFileSync(path, actual);
  }
  expect(existsSync(path), `${path} is missing: run with UPDATE_GOLDEN=1`).toBe(true);
  expect(JSON.parse(actual)).toEqual(JSON.parse(readFileSync(path, 'utf8')));
};

beforeAll(() => Promise.all(STAGES.map(synthesized)), 120_000);

describe.each(STAGES)('stage %s', (stage) => {
  // Stage `emulator` is stage `dev` but for what lib/emulator.ts does: more large files would say no more.
  test.skipIf(stage === 'emulator')('is as it was reviewed', async () => {
    const { stacks } = await synthesized(stage);
    for (const stack of STACKS) expectGolden(`${stack}-${stage}`, stacks[stack]);
  });

  test.each([AwsSolutionsChecks, ServerlessChecks])('passes %o', (Pack) => {
    const app = appOf(stage);
    expect(new Pack(app).validateScope(app).violations).toEqual([]);
  });

  test('was synthesized without a finding of any validation', async () => {
    const { directory } = await synthesized(stage);
    const { pluginReports } = JSON.parse(readFileSync(`${directory}/validation-report.json`, 'utf8')) as {
      pluginReports: { pluginName: string; conclusion: string; violations: unknown[] }[];
    };
    // Only what goes to AWS is looked at (scripts/assembly.ts), and there an acknowledged warning about the end of Pinpoint is reported.
    if (stage === 'dev' || stage === 'prod') expect(pluginReports.length).toBeGreaterThan(0);
    expect(
      pluginReports.filter(({ conclusion, violations }) => conclusion !== 'success' || violations.length > 0),
    ).toEqual([]);
  });
});

test('the packs do find what is wrong', () => {
  const stack = emptyStack();
  new Bucket(stack, 'Plain');
  const { violations } = new AwsSolutionsChecks(stack).validateScope(stack);
  expect(violations.map(({ ruleName }) => ruleName)).toContain('AwsSolutions-S1');
});
