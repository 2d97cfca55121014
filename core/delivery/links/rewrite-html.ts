/**
 * Finds links in the HTML of an email and replaces them, and leaves every other byte as it is: mail programs read what no HTML
 * parser would give back. It is the tokenizer of https://html.spec.whatwg.org/multipage/parsing.html as far as tags, attributes,
 * comments and raw text go; a test compares it with a whole parser. Linear in the length, whatever is in it.
 */

/** What stands in these is text until their end tag, so are tags in it. */
const RAW_TEXT = new Set(['script', 'style', 'title', 'textarea', 'xmp', 'iframe', 'noembed', 'noframes']);
const SPACE = /[\t\n\f\r ]/;

export type Rewritten = {
  html: string;
  /** Where `</body>` stands, else the end; undefined where what is put there would not be shown. */
  bodyEnd: number | undefined;
};

/** `replace` gets the target of an `<a>` or `<area>`, decoded, and says what takes its place; undefined: it stays. */
export const rewriteHtml = (html: string, replace: (href: string) => string | undefined): Rewritten => {
  let out = '';
  let copied = 0;
  let bodyEnd: number | undefined;
  let at = 0;
  const ended = (): Rewritten => ({ html: out + html.slice(copied), bodyEnd });

  for (;;) {
    at = html.indexOf('<', at);
    if (at < 0) break;
    if (html.startsWith('<!--', at)) {
      at = commentEnd(html, at + 4);
      if (at < 0) return ended();
      continue;
    }
    const closes = html.charAt(at + 1) === '/';
    if (!isLetter(html.charCodeAt(closes ? at + 2 : at + 1))) {
      // `<!doctype>`, `<?xml>` and `</ >` are comments of a kind; any other `<` is text.
      const bogus = closes || html.charAt(at + 1) === '!' || html.charAt(at + 1) === '?';
      at = bogus ? html.indexOf('>', at + 2) + 1 : at + 1;
      if (at === 0) return ended();
      continue;
    }
    const tag = readTag(html, closes ? at + 2 : at + 1);
    if (!tag) return ended();
    if (closes && tag.name === 'body') bodyEnd = out.length + at - copied;
    const { href } = tag;
    const target = !closes && href && (tag.name === 'a' || tag.name === 'area') ? decodeHref(href.value) : undefined;
    const replaced = target === undefined ? undefined : replace(target);
    if (href && replaced !== undefined) {
      out += `${html.slice(copied, href.start)}"${escapeAttribute(replaced)}"`;
      copied = href.end;
    }
    at = tag.end;
    if (!closes && tag.name === 'plaintext') return ended();
    if (!closes && RAW_TEXT.has(tag.name)) {
      const end = new RegExp(`</${tag.name}(?=[\\t\\n\\f\\r />])`, 'gi');
      end.lastIndex = at;
      const found = end.exec(html);
      if (!found) return ended();
      at = found.index;
    }
  }
  bodyEnd ??= out.length + html.length - copied;
  return ended();
};

const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

/** After the comment whose text begins at `from`; -1: it never ends. `<!-->` and `<!--->` are whole comments. */
const commentEnd = (html: string, from: number): number => {
  const short = /-?>/y;
  short.lastIndex = from;
  if (short.test(html)) return short.lastIndex;
  const end = /--!?>/g;
  end.lastIndex = from;
  return end.test(html) ? end.lastIndex : -1;
};

/** `start` and `end` of the value with its quotes; undefined: an attribute without a value. */
type Href = { value: string | undefined; start: number; end: number };
type Tag = { name: string; end: number; href?: Href };

/** The tag whose name begins at `from`; undefined: it never ends, so it is none. */
const readTag = (html: string, from: number): Tag | undefined => {
  let at = skip(html, from, (c) => !SPACE.test(c) && c !== '/' && c !== '>');
  const name = html.slice(from, at).toLowerCase();
  let href: Href | undefined;
  for (;;) {
    at = skip(html, at, (c) => SPACE.test(c) || c === '/');
    if (at >= html.length) return undefined;
    if (html.charAt(at) === '>') return { name, end: at + 1, ...(href && { href }) };
    const nameStart = at;
    // An `=` in the first place belongs to the name.
    at = skip(html, at + 1, (c) => !SPACE.test(c) && c !== '/' && c !== '>' && c !== '=');
    const attribute = html.slice(nameStart, at).toLowerCase();
    const afterName = skip(html, at, (c) => SPACE.test(c));
    if (html.charAt(afterName) !== '=') {
      at = afterName;
      // Of two the first counts, also when it has no value.
      if (attribute === 'href') href ??= { value: undefined, start: at, end: at };
      continue;
    }
    const start = skip(html, afterName + 1, (c) => SPACE.test(c));
    const quote = html.charAt(start);
    const quoted = quote === '"' || quote === "'";
    const end = quoted ? html.indexOf(quote, start + 1) : skip(html, start, (c) => !SPACE.test(c) && c !== '>');
    if (end < 0 || end >= html.length) return undefined;
    at = quoted ? end + 1 : end;
    if (attribute === 'href') href ??= { value: html.slice(quoted ? start + 1 : start, end), start, end: at };
  }
};

const skip = (text: string, from: number, wanted: (character: string) => boolean): number => {
  let at = from;
  while (at < text.length && wanted(text.charAt(at))) at += 1;
  return at;
};

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * The value with its character references decoded. Undefined where it has one that only the list of 2,231 names would tell: such
 * a link stays as it is. `&name=` is text in an attribute, so it is what it looks like.
 */
const decodeHref = (value: string | undefined): string | undefined => {
  if (!value?.includes('&')) return value;
  let sure = true;
  const decoded = value.replace(
    /&(?:#([0-9]+);|#[xX]([0-9a-fA-F]+);|(amp|lt|gt|quot|apos);|(#|[A-Za-z][A-Za-z0-9]*(?!=)(?![A-Za-z0-9])))/g,
    (all, decimal, hex, name, other) => {
      if (name !== undefined) return NAMED[name] as string;
      const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : 0;
      // What is not ASCII has rules of its own, and a URL does not need it.
      if (other === undefined && code > 31 && code < 127) return String.fromCharCode(code);
      sure = false;
      return all;
    },
  );
  return sure ? decoded : undefined;
};

const escapeAttribute = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
