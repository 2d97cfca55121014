import { MarkupFault, type MarkupPart, markupParts } from './markup-parts.ts';
import type { Shielded } from './shield-liquid.ts';

export type MjmlError = { line: number; message: string };
/** `before` and `after`: Liquid outside of `<mjml>`, which goes before and after the page. */
export type Structure = { mjml: string; before: string; after: string; errors: MjmlError[] };

/** What the components say: `raw` are those whose content is HTML, `liquidIn` those that may have mj-raw among their parts. */
export type Grammar = { raw: ReadonlySet<string>; liquidIn: ReadonlySet<string> };

/** More are of no help, and each costs a look at the whole text. */
const MAX_ERRORS = 20;
/** What would read the disk, or need the parsers of CSS and HTML that Herald does without. */
const REFUSED: Record<string, string> = {
  'mj-include': 'mj-include is not supported: a template includes no files',
  'mj-html-attributes': 'mj-html-attributes is not supported: write the HTML into mj-raw',
};

/**
 * Reads the tags of shielded MJML, and puts Liquid that stands between elements into mj-raw, where MJML leaves it as it is. What
 * MJML would drop in silence is an error: text between elements, Liquid in the head, an element that is not closed. `lang` is set
 * where the page says none.
 */
export const structureOf = ({ text, pieces, word, lineOf }: Shielded, grammar: Grammar, lang?: string): Structure => {
  const errors: MjmlError[] = [];
  const open: { name: string; at: number }[] = [];
  let [mjml, before, after, isOver] = ['', '', '', false];
  const lineAt = (index: number) => lineOf(text.slice(0, index).split('\n').length);
  const fail = (index: number, message: string): void => {
    if (errors.length < MAX_ERRORS) errors.push({ line: lineAt(index), message });
  };

  /** By what stands around it: `break` and `continue` that leave an element never come to its end. `loops`: how deep each was begun. */
  const leaves = (within: string, depth: number, loops: number[]): void => {
    for (const [, number] of within.matchAll(word)) {
      const { source = '', line = 1 } = pieces[Number(number)] ?? {};
      const [, name = ''] = /^\{%-?\s*(\w+)/.exec(source) ?? [];
      if (/^(for|tablerow)$/.test(name)) loops.push(depth);
      else if (/^end(for|tablerow)$/.test(name)) loops.pop();
      else if (/^(break|continue)$/.test(name) && loops.at(-1) !== depth && errors.length < MAX_ERRORS)
        errors.push({ line, message: `${source} would leave an element open: put if around what is left out` });
    }
  };
  const loops: number[] = [];

  const between = (part: MarkupPart): void => {
    const parent = open.at(-1)?.name;
    leaves(part.text, open.length, loops);
    const words = part.text.replace(word, (own) => ' '.repeat(own.length));
    if (words.trim() !== '')
      fail(
        part.at + words.search(/\S/),
        `“${words.trim().slice(0, 40)}” would be lost here: put it into mj-text or mj-raw`,
      );
    if (parent === undefined) {
      const liquid = (part.text.match(word) ?? []).join('');
      if (isOver) after += liquid;
      else before += liquid;
      return;
    }
    const isFree = grammar.liquidIn.has(parent) && open.some(({ name }) => name === 'mj-body');
    mjml += part.text.replace(word, (own, number) => {
      if (isFree) return `<mj-raw>${own}</mj-raw>`;
      const { source = '', line = 1 } = pieces[Number(number)] ?? {};
      const where = [...grammar.liquidIn].join(', ');
      if (errors.length < MAX_ERRORS)
        errors.push({
          line,
          message: `${source} would be lost in ${parent}; between elements, Liquid stands in ${where}`,
        });
      return '';
    });
  };

  const take = (part: MarkupPart): void => {
    if (part.kind === 'between') {
      between(part);
      return;
    }
    const { name, at } = part;
    if (part.kind === 'close') {
      const last = open.pop();
      if (last?.name !== name)
        throw new MarkupFault(
          at,
          `</${name}> closes nothing${last ? `: ${last.name} of line ${lineAt(last.at)} is open` : ''}`,
        );
      isOver = open.length === 0;
      mjml += part.text;
      return;
    }
    const { attributes, isAlone, content } = part;
    if (isOver) throw new MarkupFault(at, 'After </mjml> there is nothing but Liquid');
    if (Object.hasOwn(REFUSED, name)) fail(at, REFUSED[name] as string);
    if (name === 'mj-style' && /\sinline\s*=\s*["']?inline/.test(attributes))
      fail(at, 'Inline styles are not supported: use attributes, or mj-attributes');
    leaves(part.text + (content ?? ''), 0, []);
    const isMute = name === 'mjml' && lang !== undefined && !/\slang\s*=/.test(attributes);
    mjml += (isMute ? part.text.replace('<mjml', `<mjml lang="${lang}"`) : part.text) + (content ?? '');
    if (!isAlone && content === undefined) open.push({ name, at });
  };

  try {
    for (const part of markupParts(text, grammar.raw)) take(part);
    const last = open.at(-1);
    if (last) fail(last.at, `${last.name} is not closed`);
    else if (!isOver) fail(0, 'MJML is one <mjml> element with an mj-body in it');
  } catch (error) {
    if (!(error instanceof MarkupFault)) throw error;
    fail(error.at, error.message);
  }
  return { mjml, before, after, errors };
};
