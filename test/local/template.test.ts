// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of CloudFormation
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { provision, readAssembly, type Template } from '../../local/template.ts';
import type { ResourceHandler } from '../../local/types.ts';

const account = { region: 'us-east-1', account: '000000000000' };

const things = () => {
  const made: { path: string; properties: Record<string, unknown> }[] = [];
  const handler: ResourceHandler = {
    supported: ['Name', 'Value', 'List'],
    ignored: ['Tags'],
    create: ({ logicalId, stack, properties }) => {
      made.push({ path: `${stack}/${logicalId}`, properties });
      return { ref: `ref-${logicalId}`, attributes: { Arn: `arn:${logicalId}` } };
    },
  };
  return { made, handlers: { 'Test::Thing': handler } };
};
const thing = (Properties: Record<string, unknown>) => ({ Type: 'Test::Thing', Properties });

/** What the property Value of a resource resolves to. */
const resolved = (value: unknown, rest: Template['Resources'] = {}) => {
  const { made, handlers } = things();
  const Parameters = { Stage: { Default: 'local' } };
  provision(
    { stacks: { S: { Parameters, Resources: { It: thing({ Value: value }), ...rest } } }, assets: {} },
    handlers,
    account,
  );
  return made.find(({ path }) => path === 'S/It')!.properties.Value;
};

describe('intrinsic functions', () => {
  const Other = thing({});
  test.each([
    ['Ref of a resource', { Ref: 'Other' }, 'ref-Other'],
    ['Ref of a parameter', { Ref: 'Stage' }, 'local'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['Fn::GetAtt', { 'Fn::GetAtt': ['Other', 'Arn'] }, 'arn:Other'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Other' }]] }, 'a-ref-Other'],
    ['Fn::Sub', { 'Fn::Sub': '${AWS::AccountId}/${Other}' }, '000000000000/ref-Other'],
    ['Fn::Sub with values', { 'Fn::Sub': ['${x}', { x: { Ref: 'Other' } }] }, 'ref-Other'],
    ['nested values', { a: [{ b: { Ref: 'Other' } }] }, { a: [{ b: 'ref-Other' }] }],
    ['attribute of a harmless type', { 'Fn::GetAtt': ['Role', 'Arn'] }, 'arn:aws:local:us-east-1:000000000000:S-Role'],
  ])('%s', (_, value, expected) => {
    expect(
      resolved(value, { Other, Role: { Type: 'AWS::IAM::Role', Properties: { Odd: { Ref: 'Nowhere' } } } }),
    ).toEqual(expected);
  });

  test.each([
    ['an unknown function', { 'Fn::Cidr': [] }, 'does not know the intrinsic function Fn::Cidr'],
    ['an unknown resource', { Ref: 'Nowhere' }, 'no resource or parameter is named Nowhere'],
    [
      'an unknown attribute',
      { 'Fn::GetAtt': ['Other', 'Color'] },
      'S/Other (Test::Thing): the local cloud does not know the attribute Color',
    ],
    ['an unknown export', { 'Fn::ImportValue': 'nothing' }, 'no stack exports nothing'],
    ['an attribute in Fn::Sub', { 'Fn::Sub': '${Other.Arn}' }, 'no resource or parameter is named Other.Arn'],
  ])('%s is refused', (_, value, message) => {
    expect(() => resolved(value, { Other })).toThrow(message);
  });
});

test('resources are made after those that they refer to, across stacks, and once', () => {
  const { made, handlers } = things();
  const { outputs, resources } = provision(
    {
      stacks: {
        App: {
          Resources: { B: thing({ Value: { Ref: 'C' } }), C: thing({ Value: { 'Fn::ImportValue': 'State:A' } }) },
          Outputs: { Url: { Value: { 'Fn::Sub': 'http://${B}' } } },
        },
        State: { Resources: { A: thing({}) }, Outputs: { A: { Value: { Ref: 'A' }, Export: { Name: 'State:A' } } } },
      },
      assets: {},
    },
    handlers,
    account,
  );
  expect(made.map(({ path }) => path)).toEqual(['State/A', 'App/C', 'App/B']);
  expect(made[1]!.properties).toEqual({ Value: 'ref-A' });
  expect(outputs).toEqual({ App: { Url: 'http://ref-B' }, State: { A: 'ref-A' } });
  expect(resources.map(({ stack, logicalId, ref }) => `${stack}/${logicalId}=${ref}`)).toContain('App/B=ref-B');
});

test('ignored properties are dropped unresolved; others are refused by name', () => {
  const { made, handlers } = things();
  const assembly = (properties: Record<string, unknown>) => ({
    stacks: { S: { Resources: { It: thing(properties) } } },
    assets: {},
  });
  provision(assembly({ Name: 'n', Tags: { Ref: 'Nowhere' } }), handlers, account);
  expect(made[0]!.properties).toEqual({ Name: 'n' });
  expect(() => provision(assembly({ Color: 'red' }), handlers, account)).toThrow(
    /^S\/It \(Test::Thing\): the local cloud does not support the property Color\. Remove it, or/,
  );
  const unknown = { stacks: { S: { Resources: { It: { Type: 'AWS::EC2::VPC' } } } }, assets: {} };
  expect(() => provision(unknown, handlers, account)).toThrow(
    /^S\/It: the local cloud has no AWS::EC2::VPC\. Leave it out/,
  );
});

test('a cloud assembly is read with its stacks and the paths of its assets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'herald-assembly-'));
  const write = (name: string, content: object) => writeFileSync(join(folder, name), JSON.stringify(content));
  mkdirSync(join(folder, 'asset.abc'));
  write('manifest.json', {
    artifacts: {
      'App.assets': { type: 'cdk:asset-manifest', properties: { file: 'App.assets.json' } },
      App: { type: 'aws:cloudformation:stack', properties: { templateFile: 'App.template.json' } },
      Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } },
    },
  });
  write('App.template.json', { Resources: { It: thing({ Value: { Key: 'abc.zip' } }) } });
  write('App.assets.json', {
    files: { abc: { source: { path: 'asset.abc' }, destinations: { here: { objectKey: 'abc.zip' } } } },
  });
  const assembly = readAssembly(folder);
  const { made, handlers } = things();
  provision(assembly, handlers, account);
  expect(made).toEqual([{ path: 'App/It', properties: { Value: { Key: join(folder, 'asset.abc') } } }]);
});
