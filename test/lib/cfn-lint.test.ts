import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { NoPythonTools, pythonTools } from '../../scripts/python-tools.ts';
import { STACKS, synthesized } from './synthesized.ts';

type Finding = {
  Filename: string;
  Rule: { Id: string };
  Message: string;
  Location: { Path: (string | number)[] };
};

/** Where cfn-lint is right about nothing that matters. `finding` is compared with `rule path: message`. */
const ACCEPTED: { finding: RegExp; reason: string }[] = [
  {
    finding: /^W3005 (Resources\/\w+)\/DependsOn\/\d: '\w+Role\w{8}' .* a 'GetAtt' at '\1\/Properties\/Role(Arn)?'$/,
    reason:
      'CDK lets functions and state machines wait for their role and its policy; only the policy had to be named.',
  },
  {
    finding: /^W3696 Resources\/SendersPushApplication\w{8}\/Properties: .*'AWS::Pinpoint::App'/,
    reason:
      'Applications live on as AWS End User Messaging Push; see lib/delivery/senders.ts, which acknowledges it to CDK too.',
  },
  {
    finding: /^W6001 Outputs\/UserPoolId\/Value\/Fn::ImportValue: /,
    reason: 'What people need after a deployment is in the outputs of one stack, though the pool is in the other.',
  },
];

/** Proves in the same run that findings do come through. */
const BROKEN = { Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 'soon' } } } };

/** What goes to AWS. Of the others the emulator and the local cloud say what is wrong, and a stage takes fifteen seconds. */
const STAGES = ['dev', 'prod'] as const;
const stacks = STAGES.flatMap((stage) => STACKS.map((stack) => ({ stage, stack })));
const findings = new Map<string, string[]>();
let skipped: string | undefined;

// All templates in one process: loading the schemas takes longer than most templates. The first run installs cfn-lint.
beforeAll(async () => {
  const tools = await pythonTools(console.warn).catch((error: unknown) => {
    if (error instanceof NoPythonTools) return error;
    throw error;
  });
  if (tools instanceof NoPythonTools) {
    skipped = tools.message;
    console.warn(`SKIPPED: no template was linted with cfn-lint: ${skipped}`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'herald-cfn-lint-'));
  const fileOf = (name: string, template: object): string => {
    findings.set(name, []);
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(template));
    return join(folder, `${name}.json`);
  };
  const files = stacks.map(async ({ stage, stack }) => {
    const { stacks: templates } = await synthesized(stage);
    return fileOf(`${stack}-${stage}`, templates[stack]);
  });
  const found = await lint(join(tools, 'cfn-lint'), [...(await Promise.all(files)), fileOf('broken', BROKEN)]);
  for (const { Filename, Rule, Location, Message } of found) {
    const name = Filename.slice(folder.length + 1, -'.json'.length);
    findings.get(name)!.push(`${Rule.Id} ${Location.Path.join('/')}: ${Message}`);
  }
}, 300_000);

const lint = (program: string, files: string[]): Promise<Finding[]> =>
  new Promise((resolve, reject) => {
    const args = ['--format', 'json', '--regions', 'us-east-1', '--', ...files];
    // Its exit code says what it found, so only output that is no JSON is a failure.
    execFile(program, args, { maxBuffer: 1e8 }, (_, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        reject(new Error(`cfn-lint: ${stderr || stdout}`));
      }
    });
  });

beforeEach(({ skip }) => skip(skipped !== undefined, skipped));

test.each(stacks)('cfn-lint finds neither errors nor warnings in $stack-$stage', ({ stage, stack }) => {
  const own = findings.get(`${stack}-${stage}`)!;
  expect(own.filter((finding) => !ACCEPTED.some((accepted) => accepted.finding.test(finding)))).toEqual([]);
});

test.each(ACCEPTED)('cfn-lint still finds what is accepted: $reason', ({ finding }) => {
  expect([...findings.values()].flat().filter((found) => finding.test(found))).not.toEqual([]);
});

test('cfn-lint does find what is wrong', () => {
  expect(findings.get('broken')).toEqual([expect.stringMatching(/^E3012 Resources\/Queue\/Properties\/Visibility/)]);
});
