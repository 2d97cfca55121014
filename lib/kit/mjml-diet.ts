import type { Plugin } from 'esbuild';

/**
 * What mjml-core loads for options that Herald never sets: minifiers and formatters of HTML and CSS, the configuration on disk, and
 * the parsers for mj-html-attributes and inline styles, which core/strategy/template/mjml-structure.ts refuses.
 */
const UNUSED =
  /^(htmlnano|cssnano|cssnano-preset-lite|postcss|js-beautify|juice|cheerio|\.\/helpers\/mjmlconfig|\.\/node-only\/.*|fs|path)$/;

/**
 * Makes MJML small: 2.4 MB to 0.5 MB, minified. `detect-node` says no, so that nothing is read from the disk (includes, .mjmlconfig),
 * and Node's modules are not asked for by a require() that an ES module does not have. Safe: what is left out throws when it is used.
 */
export const mjmlDiet: Plugin = {
  name: 'mjml-diet',
  setup(build) {
    build.onResolve({ filter: UNUSED }, ({ path, importer }) =>
      /[\\/]node_modules[\\/]mjml-/.test(importer) ? { path, namespace: 'mjml-unused' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'mjml-unused' }, ({ path }) => ({
      contents: `const unused = () => { throw new Error(${JSON.stringify(`${path} is not in this bundle`)}) };
module.exports = { __esModule: true, default: unused, load: unused, readMjmlConfig: unused };`,
    }));
    build.onResolve({ filter: /^detect-node$/ }, () => ({ path: 'detect-node', namespace: 'mjml-no-node' }));
    build.onLoad({ filter: /.*/, namespace: 'mjml-no-node' }, () => ({ contents: 'module.exports = false;' }));
  },
};
