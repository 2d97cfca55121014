import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { makeApp } from '../../lib/app.ts';
import type { StageName } from '../../lib/stages.ts';
import { assembly } from '../../scripts/assembly.ts';
import { lock } from '../../scripts/lock.ts';

export type Resource = { Type: string; Properties: Record<string, unknown>; DeletionPolicy?: string };
type Output = { Value: unknown; Export?: { Name: string } };
export type Template = { Resources: Record<string, Resource>; Outputs?: Record<string, Output> };

/** Names of the stacks without their stage, in the order of their deployment. */
export const STACKS = ['HeraldState', 'Herald', 'HeraldJourneys', 'HeraldDelivery', 'HeraldApi'] as const;

export type Synthesized = {
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

/** The real app of a stage, bundled and synthesized once for all test processes, and anew only when a source has changed. */
export const synthesized = (stage: StageName): Promise<Synthesized> => {
  const known = done.get(stage) ?? synthesize(stage);
  done.set(stage, known);
  return known;
};

const apps = new Map<StageName, App>();

/** The constructs of a stage, once per test process: what no template tells. After `synthesized`, which bundles the handlers. */
export const appOf = (stage: StageName): App => {
  const outdir = mkdtempSync(join(tmpdir(), `herald-${stage}-`));
  const app = apps.get(stage) ?? makeApp({ context: { stage }, outdir });
  apps.set(stage, app);
  return app;
};

const LOCKS = join(import.meta.dirname, '../../.herald');

const synthesize = async (stage: StageName): Promise<Synthesized> => {
  mkdirSync(LOCKS, { recursive: true });
  const unlock = await lock(join(LOCKS, `assembly-${stage}.lock`));
  const directory = (() => {
    try {
      return assembly(stage);
    } finally {
      unlock();
    }
  })();
  const templateOf = (stack: string): Template =>
    JSON.parse(readFileSync(join(directory, `${stack}-${stage}.template.json`), 'utf8'));
  const stacks = Object.fromEntries(STACKS.map((stack) => [stack, templateOf(stack)])) as Synthesized['stacks'];
  const platform = together(together(stacks.Herald, stacks.HeraldJourneys), stacks.HeraldDelivery);
  return { directory, stacks, state: stacks.HeraldState, platform, api: stacks.HeraldApi };
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
