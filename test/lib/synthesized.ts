import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { makeApp } from '../../lib/app.ts';
import { bundleHandlers } from '../../lib/kit/bundle.ts';
import type { StageName } from '../../lib/stages.ts';

export type Resource = { Type: string; Properties: Record<string, unknown>; DeletionPolicy?: string };
type Output = { Value: unknown; Export?: { Name: string } };
export type Template = { Resources: Record<string, Resource>; Outputs?: Record<string, Output> };

/** Names of the stacks without their stage, in the order of their deployment. */
export const STACKS = ['HeraldState', 'Herald', 'HeraldJourneys', 'HeraldDelivery', 'HeraldApi'] as const;

export type Synthesized = {
  app: App;
  /** Folder of the cloud assembly. */
  directory: string;
  /** Each as it is deployed. */
  stacks: Record<(typeof STACKS)[number], Template>;
  state: Template;
  /** What has functions behind queues, tables and schedules: Herald, HeraldJourneys and HeraldDelivery together. */
  platform: Template;
  api: Template;
};

const done = new Map<StageName, Promise<Synthesized>>();
let bundled: Promise<unknown> | undefined;

/** The real app of a stage, bundled and synthesized once per test process. */
export const synthesized = (stage: StageName): Promise<Synthesized> => {
  const known = done.get(stage) ?? synthesize(stage);
  done.set(stage, known);
  return known;
};

const synthesize = async (stage: StageName): Promise<Synthesized> => {
  bundled ??= bundleHandlers();
  await bundled;
  const app = makeApp({ context: { stage }, outdir: mkdtempSync(join(tmpdir(), `herald-${stage}-`)) });
  const { directory } = app.synth();
  const templateOf = (stack: string): Template =>
    JSON.parse(readFileSync(join(directory, `${stack}-${stage}.template.json`), 'utf8'));
  const stacks = Object.fromEntries(STACKS.map((stack) => [stack, templateOf(stack)])) as Synthesized['stacks'];
  const platform = together(together(stacks.Herald, stacks.HeraldJourneys), stacks.HeraldDelivery);
  return { app, directory, stacks, state: stacks.HeraldState, platform, api: stacks.HeraldApi };
};

/** One template of two, in which the second refers to what it imports of the first as if it were its own. */
const together = (first: Template, second: Template): Template => {
  const exported = new Map<unknown, unknown>();
  for (const { Value, Export } of Object.values(first.Outputs ?? {})) if (Export) exported.set(Export.Name, Value);
  const resources: Template['Resources'] = JSON.parse(JSON.stringify(second.Resources), (_, value) =>
    exported.has(value?.['Fn::ImportValue']) ? exported.get(value['Fn::ImportValue']) : value,
  );
  const twice = Object.keys(resources).filter((id) => id in first.Resources);
  if (twice.length > 0) throw new Error(`Both templates have ${twice.join(', ')}`);
  return { Resources: { ...first.Resources, ...resources }, Outputs: { ...first.Outputs, ...second.Outputs } };
};

/** Resources of one type, by logical id. */
export const resourcesOf = ({ Resources }: Template, type: string): [string, Resource][] =>
  Object.entries(Resources).filter(([, resource]) => resource.Type === type);

/** Properties of all resources of one type, with the shape that the caller expects of them. */
export const propertiesOf = <Shape>(template: Template, type: string): Shape[] =>
  resourcesOf(template, type).map(([, { Properties }]) => Properties as Shape);
