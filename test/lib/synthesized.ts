import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { makeApp } from '../../lib/app.ts';
import { bundleHandlers } from '../../lib/kit/bundle.ts';
import type { StageName } from '../../lib/stages.ts';

export type Resource = { Type: string; Properties: Record<string, unknown>; DeletionPolicy?: string };
export type Template = { Resources: Record<string, Resource>; Outputs?: Record<string, unknown> };
export type Synthesized = {
  app: App;
  /** Folder of the cloud assembly. */
  directory: string;
  state: Template;
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
  return {
    app,
    directory,
    state: templateOf('HeraldState'),
    platform: templateOf('Herald'),
    api: templateOf('HeraldApi'),
  };
};

/** Resources of one type, by logical id. */
export const resourcesOf = ({ Resources }: Template, type: string): [string, Resource][] =>
  Object.entries(Resources).filter(([, resource]) => resource.Type === type);

/** Properties of all resources of one type, with the shape that the caller expects of them. */
export const propertiesOf = <Shape>(template: Template, type: string): Shape[] =>
  resourcesOf(template, type).map(([, { Properties }]) => Properties as Shape);
