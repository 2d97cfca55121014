/** What is wrong with MJML or HTML so that nothing more can be said about the rest of it. `at`: index into the text. */
export class MarkupFault extends Error {
  override name = 'MarkupFault';
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

export type MarkupPart = { at: number; text: string } & (
  | { kind: 'between' }
  | { kind: 'close'; name: string }
  /** `content`: of an element that is not looked into, with its closing tag. */
  | { kind: 'open'; name: string; attributes: string; isAlone: boolean; content?: string }
);

const TAG = /<(\/?)([A-Za-z][\w.-]*)((?:[^"'>]|"[^"]*"|'[^']*')*)>/y;

/**
 * The tags of MJML or HTML and what stands between them, in order, comments left out. `raw`: elements whose content is not looked
 * into. Reads each character once: what does not end throws a MarkupFault.
 */
export function* markupParts(text: string, raw: ReadonlySet<string>): Generator<MarkupPart> {
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('<', at);
    const between = text.slice(at, start < 0 ? undefined : start);
    if (between !== '') yield { kind: 'between', at, text: between };
    if (start < 0) return;
    if (text.startsWith('<!--', start)) {
      const end = text.indexOf('-->', start);
      if (end < 0) throw new MarkupFault(start, 'A comment is not closed');
      at = end + 3;
      continue;
    }
    if (text.startsWith('<!', start)) {
      const end = text.indexOf('>', start);
      if (end < 0) throw new MarkupFault(start, 'A tag is not closed: a > is missing');
      at = end + 1;
      continue;
    }
    TAG.lastIndex = start;
    const [tag, closing, name = '', attributes = ''] = TAG.exec(text) ?? [];
    if (tag === undefined) throw new MarkupFault(start, 'A tag is not closed: a > or a quote is missing');
    at = start + tag.length;
    if (closing) {
      yield { kind: 'close', at: start, text: tag, name };
      continue;
    }
    const isAlone = attributes.endsWith('/');
    const own = { kind: 'open' as const, at: start, text: tag, name, attributes, isAlone };
    if (isAlone || !raw.has(name)) {
      yield own;
      continue;
    }
    const end = endOf(text, name, at);
    if (end === undefined) throw new MarkupFault(start, `${name} is not closed`);
    yield { ...own, content: text.slice(at, end) };
    at = end;
  }
}

/** Where the element ends whose content begins at `from`. It may have elements of its own name in it. */
const endOf = (text: string, name: string, from: number): number | undefined => {
  const tag = new RegExp(`<(/?)${name.replaceAll('.', '\\.')}(?=[\\s/>])`, 'gi');
  tag.lastIndex = from;
  let depth = 1;
  for (let found = tag.exec(text); found; found = tag.exec(text)) {
    // Where no tag ends any more none is looked for again.
    const end = text.indexOf('>', tag.lastIndex);
    if (end < 0) return undefined;
    tag.lastIndex = end + 1;
    if (found[1]) depth -= 1;
    else if (text[end - 1] !== '/') depth += 1;
    if (depth === 0) return end + 1;
  }
  return undefined;
};
