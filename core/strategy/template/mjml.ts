import { type Grammar, type MjmlError, structureOf } from './mjml-structure.ts';
import { shieldLiquid } from './shield-liquid.ts';

/** Characters of a compiled page: what the field for HTML takes. */
const MAX_HTML = 200_000;

/** No page asks a third party for fonts that nobody named: who wants one writes mj-font. */
const OPTIONS = { validationLevel: 'soft', fonts: {}, keepComments: false };

export type MjmlResult = { kind: 'compiled'; html: string } | { kind: 'refused'; errors: MjmlError[] };

/** The packages that do the work, 500 KB together: whoever compiles loads them then. */
export type MjmlPackages = {
  mjml2html: typeof import('mjml-core').default;
  preset: typeof import('mjml-preset-core').default;
  liquidjs: typeof import('liquidjs');
};

/**
 * MJML to HTML, Liquid included: it comes out as it went in, at the place that it stood in, and whatever MJML would lose of it is
 * an error with its line, as is all that MJML finds wrong. `locale` is the language of the page unless it says another.
 */
export const mjmlCompiler = ({ mjml2html, preset, liquidjs }: MjmlPackages) => {
  const raw = preset.components.filter(({ endingTag }) => endingTag).map((component) => component.getTagName());
  const liquidIn = Object.entries(preset.dependencies).flatMap(([name, parts]) =>
    parts.includes('mj-raw') && name !== 'mjml' && name !== 'mj-head' ? [name] : [],
  );
  const grammar: Grammar = { raw: new Set(raw), liquidIn: new Set(liquidIn) };

  return async (source: string, locale?: string): Promise<MjmlResult> => {
    const shielded = shieldLiquid(liquidjs, source);
    const { mjml, before, after, errors } = structureOf(shielded, grammar, locale);
    if (errors.length > 0) return { kind: 'refused', errors };
    const { pieces, word, restore, lineOf } = shielded;
    try {
      const compiled = await mjml2html(mjml, { ...OPTIONS, presets: [preset] });
      if (compiled.errors.length > 0) {
        const found = compiled.errors.map(({ line = 1, message }) => ({
          line: lineOf(line),
          message: restore(message),
        }));
        return { kind: 'refused', errors: found };
      }
      const shieldedHtml = before + flush(compiled.html) + after;
      const kept = new Set([...shieldedHtml.matchAll(word)].map(([, number]) => Number(number)));
      const wanted = new Set([...(before + mjml + after).matchAll(word)].map(([, number]) => Number(number)));
      const lost = pieces.filter((_, number) => wanted.has(number) && !kept.has(number));
      if (lost.length > 0) {
        const found = lost.map(({ source: piece, line }) => ({ line, message: `${piece} would be lost here` }));
        return { kind: 'refused', errors: found };
      }
      const html = restore(shieldedHtml);
      if (html.length <= MAX_HTML) return { kind: 'compiled', html };
      const message = `It becomes ${html.length} characters of HTML; an email has at most ${MAX_HTML}`;
      return { kind: 'refused', errors: [{ line: 1, message }] };
    } catch (error) {
      return {
        kind: 'refused',
        errors: [{ line: 1, message: error instanceof Error ? restore(error.message) : String(error) }],
      };
    }
  };
};
export type MjmlCompiler = ReturnType<typeof mjmlCompiler>;

/** A third of what MJML writes is indentation, and Gmail cuts a page at 102 KB; where spaces show, they stay. */
const flush = (html: string): string =>
  /<pre|<textarea|white-space/i.test(html) ? html : html.replace(/\n\s*/g, '\n').trim();
