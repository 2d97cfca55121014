import { type MjmlCompiler, mjmlCompiler } from '../../core/strategy/template/mjml.ts';

let compiler: Promise<MjmlCompiler> | undefined;

/** The compiler of MJML, loaded by the first who needs it: most templates have none, and no sender ever does. */
export const loadMjml = (): Promise<MjmlCompiler> => {
  compiler ??= Promise.all([import('mjml-core'), import('mjml-preset-core'), import('liquidjs')]).then(
    ([core, preset, liquidjs]) => mjmlCompiler({ mjml2html: ownExport(core), preset: ownExport(preset), liquidjs }),
  );
  return compiler;
};

/** CommonJS in an ES module: Node gives all that it exports as the default, a bundler its `default` only. */
const ownExport = <T extends object>(module: { default: T }): T => {
  const exported = module.default as T & { default?: T };
  return exported.default ?? exported;
};
