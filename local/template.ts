import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ResourceHandler } from './types.ts';

/** A CloudFormation template, as far as the local cloud reads it. */
export type Template = {
  Parameters?: Record<string, { Default?: string }>;
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
  Outputs?: Record<string, { Value: unknown; Export?: { Name: unknown } }>;
};
/** `assets` maps S3 keys of the bootstrap bucket to absolute paths in the cloud assembly. */
export type Assembly = { stacks: Record<string, Template>; assets: Record<string, string> };
export type Provisioned = {
  stack: string;
  logicalId: string;
  type: string;
  ref: string;
  attributes: Record<string, string>;
};

/**
 * Resource types that may be missing here without any handler, state machine or caller being able to notice: what only
 * watches (logs, alarms), bills, encrypts at rest or permits (cdk-nag and the template tests check that). Ref gives a
 * name, attributes give a well-formed value.
 */
const HARMLESS =
  /^AWS::(IAM::|Logs::|CloudWatch::|SNS::|CDK::Metadata|Lambda::Permission|(S3::Bucket|SQS::Queue)Policy|KMS::|Budgets::)/;

type Artifact = { type: string; properties?: { templateFile?: string; file?: string } };
type AssetFile = { source: { path: string }; destinations: Record<string, { objectKey: string }> };

/** Reads a directory that `cdk synth` wrote. */
export const readAssembly = (directory: string): Assembly => {
  const read = (file: string) => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const assembly: Assembly = { stacks: {}, assets: {} };
  const { artifacts } = read('manifest.json') as { artifacts: Record<string, Artifact> };
  for (const [name, { type, properties = {} }] of Object.entries(artifacts)) {
    if (type === 'aws:cloudformation:stack') assembly.stacks[name] = read(properties.templateFile ?? '');
    if (type !== 'cdk:asset-manifest') continue;
    const { files } = read(properties.file ?? '') as { files: Record<string, AssetFile> };
    for (const { source, destinations } of Object.values(files)) {
      const path = resolve(directory, source.path);
      for (const { objectKey } of Object.values(destinations)) if (existsSync(path)) assembly.assets[objectKey] = path;
    }
  }
  return assembly;
};

/**
 * Makes every resource of every stack, each after those that it refers to. A string that is the S3 key of an asset
 * (code of a function, definition of a state machine) reaches the handler as the asset's absolute path.
 * Throws for a resource type, property or intrinsic function that the local cloud would have to pretend.
 */
export const provision = (
  { stacks, assets }: Assembly,
  handlers: Record<string, ResourceHandler>,
  { region, account }: { region: string; account: string },
): { resources: Provisioned[]; outputs: Record<string, Record<string, unknown>> } => {
  const made = new Map<string, Provisioned>();
  const exports = new Map<string, { stack: string; value: unknown }>();

  const make = (stack: string, logicalId: string): Provisioned => {
    const path = `${stack}/${logicalId}`;
    const done = made.get(path);
    if (done) return done;
    const resource = stacks[stack]?.Resources[logicalId];
    if (!resource) throw new Error(`${stack}: no resource or parameter is named ${logicalId}`);
    const { Type: type, Properties: all = {} } = resource;
    const handler = handlers[type];
    if (!handler && !HARMLESS.test(type)) {
      throw new Error(
        `${path}: the local cloud has no ${type}. Leave it out of stage local, write a handler for it in local/, ` +
          'or list it as harmless in local/template.ts if nothing in the app can notice its absence.',
      );
    }
    const properties: Record<string, unknown> = {};
    // Ignored properties are not even resolved: what they refer to may not exist here.
    for (const [name, value] of Object.entries(handler ? all : {})) {
      if (handler?.ignored.includes(name)) continue;
      if (!handler?.supported.includes(name)) {
        throw new Error(
          `${path} (${type}): the local cloud does not support the property ${name}. ` +
            `Remove it, or teach the handler of ${type} in local/ what it does.`,
        );
      }
      properties[name] = evaluate(stack, value);
    }
    const { ref, attributes = {} } = handler?.create({ logicalId, stack, properties }) ?? {
      ref: `${stack}-${logicalId}`,
    };
    const result = { stack, logicalId, type, ref, attributes };
    made.set(path, result);
    return result;
  };

  const reference = (stack: string, name: string): unknown => {
    const pseudo: Record<string, string> = {
      'AWS::AccountId': account,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': stack,
    };
    const parameter = stacks[stack]?.Parameters?.[name];
    return pseudo[name] ?? (parameter ? parameter.Default : make(stack, name).ref);
  };

  const attribute = (stack: string, logicalId: string, name: string): string => {
    const { type, ref, attributes } = make(stack, logicalId);
    if (attributes[name] !== undefined) return attributes[name];
    // Roles, log groups and the like: nothing here asks them anything, so a well-formed name is enough.
    if (HARMLESS.test(type)) return name.endsWith('Arn') ? `arn:aws:local:${region}:${account}:${ref}` : ref;
    throw new Error(`${stack}/${logicalId} (${type}): the local cloud does not know the attribute ${name}`);
  };

  const intrinsics: Record<string, (stack: string, argument: unknown) => unknown> = {
    Ref: (stack, argument) => reference(stack, String(argument)),
    'Fn::GetAtt': (stack, argument) => {
      const [logicalId = '', name = ''] = argument as string[];
      return attribute(stack, logicalId, name);
    },
    'Fn::Sub': (stack, argument) => {
      const [text, values] = [argument, {}].flat() as [string, Record<string, unknown>];
      return text.replace(/\$\{([^}]+)\}/g, (_, name: string) =>
        String(name in values ? evaluate(stack, values[name]) : reference(stack, name)),
      );
    },
    'Fn::Join': (stack, argument) => {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => evaluate(stack, part)).join(separator);
    },
    'Fn::ImportValue': (stack, argument) => {
      const name = String(evaluate(stack, argument));
      const found = exports.get(name);
      if (!found) throw new Error(`${stack}: no stack exports ${name}`);
      return evaluate(found.stack, found.value);
    },
  };

  const evaluate = (stack: string, value: unknown): unknown => {
    if (typeof value === 'string') return assets[value] ?? value;
    if (Array.isArray(value)) return value.map((item) => evaluate(stack, item));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name, argument] = entries[0] ?? [];
    if (entries.length === 1 && (name === 'Ref' || name?.startsWith('Fn::'))) {
      const intrinsic = intrinsics[name];
      if (!intrinsic) throw new Error(`${stack}: the local cloud does not know the intrinsic function ${name}`);
      return intrinsic(stack, argument);
    }
    return Object.fromEntries(entries.map(([key, item]) => [key, evaluate(stack, item)]));
  };

  for (const [stack, { Outputs = {} }] of Object.entries(stacks)) {
    for (const { Value, Export } of Object.values(Outputs)) {
      if (Export) exports.set(String(evaluate(stack, Export.Name)), { stack, value: Value });
    }
  }
  for (const [stack, { Resources }] of Object.entries(stacks)) for (const id of Object.keys(Resources)) make(stack, id);
  const outputsOf = ([stack, { Outputs = {} }]: [string, Template]) => [
    stack,
    Object.fromEntries(Object.entries(Outputs).map(([name, { Value }]) => [name, evaluate(stack, Value)])),
  ];
  return { resources: [...made.values()], outputs: Object.fromEntries(Object.entries(stacks).map(outputsOf)) };
};
