import type { Liquid } from 'liquidjs';

type Liquidjs = typeof import('liquidjs');
type FilterImpl = Liquid['filters'][string];
type Handler = (this: unknown, ...values: unknown[]) => unknown;

/**
 * Text of a page that is HTML already, because what variables brought into it was escaped there: what `capture` keeps, or `escape` gives.
 * An output does not escape it again. Everything else takes it for the text that a reader sees: comparisons, look-ups, and filters, whose
 * results are texts in turn. Its fields are private, for Liquid reads those that objects own.
 */
class Markup {
  readonly #html: string;
  readonly #raw: string;
  #text: string | undefined;
  /** `raw`: what the filter `raw` makes of it: the same filters, over what was escaped. */
  constructor(html: string, raw = html) {
    this.#html = html;
    this.#raw = raw;
  }
  static htmlOf(markup: Markup): string {
    return markup.#html;
  }
  static rawOf(markup: Markup): string {
    return markup.#raw;
  }
  toString(): string {
    this.#text ??= this.#html.replace(/&(amp|lt|gt|quot|#34|#39|#123);/g, (_, name: string) => CHARACTERS[name] ?? '');
    return this.#text;
  }
  get size(): number {
    return this.toString().length;
  }
  /** A loop over a text has one round, and over an empty one none. */
  *[Symbol.iterator](): Generator<Markup> {
    if (this.#html !== '') yield this;
  }
  indexOf(part: unknown): number {
    return this.toString().indexOf(String(part));
  }
  equals(other: unknown): unknown {
    if (other instanceof Markup) return this.toString() === other.toString();
    // A person's own value may have a member of that name, too.
    const { equals } = (typeof other === 'object' && other !== null ? other : {}) as { equals?: unknown };
    return typeof equals === 'function' ? equals.call(other, this.toString()) : this.toString() === other;
  }
  // liquidjs asks `equals` of whoever has all five; that the text compares is left to JavaScript, as it is between texts.
  gt(other: unknown): boolean {
    return this.toString() > (other as string);
  }
  geq(other: unknown): boolean {
    return this.toString() >= (other as string);
  }
  lt(other: unknown): boolean {
    return this.toString() < (other as string);
  }
  leq(other: unknown): boolean {
    return this.toString() <= (other as string);
  }
}
/** `quot` and `#123` are what blocks write. */
const CHARACTERS: Record<string, string> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', '#34': '"', '#39': "'", '#123': '{' },
};

const holdsMarkup = (value: unknown): boolean =>
  value instanceof Markup || (Array.isArray(value) && value.some(holdsMarkup));
/** The value with each markup in it as a plain text. */
const inForm = (form: (markup: Markup) => string, value: unknown): unknown => {
  if (value instanceof Markup) return form(value);
  return Array.isArray(value) ? value.map((one) => inForm(form, one)) : value;
};

/** Filters whose result is the HTML of what they take, put together. */
const JOINING: ReadonlySet<string> = new Set(['append', 'prepend', 'default']);
/** The same, as long as nobody says which characters they take away. */
const TRIMMING: ReadonlySet<string> = new Set(['strip', 'lstrip', 'rstrip', 'strip_newlines', 'newline_to_br']);
const ESCAPING: ReadonlySet<string> = new Set(['escape', 'escape_once', 'xml_escape']);

/**
 * Makes an engine one for HTML: whatever variables bring is escaped, and once, by whatever tags and filters it comes. `raw` opts out for what
 * an output names; what was captured before stays escaped. To be called when its own filters are registered.
 */
export const escapeOnce = (liquidjs: Liquidjs, liquid: Liquid): void => {
  const escaped = liquidjs.filters.escape as Handler;
  const htmlOf = (context: unknown, value: unknown): string =>
    value instanceof Markup ? Markup.htmlOf(value) : String(escaped.call(context, value));

  /** What became of the texts, as markup again; `raws` is what became of their raw forms. */
  const markedUp = (context: unknown, texts: unknown, raws: unknown): unknown => {
    if (typeof texts === 'string')
      return new Markup(htmlOf(context, texts), typeof raws === 'string' ? raws : undefined);
    if (!Array.isArray(texts)) return texts;
    const own = Array.isArray(raws) && raws.length === texts.length ? raws : [];
    return texts.map((text, n) => markedUp(context, text, own[n]));
  };

  const careful = (name: string, filter: Handler): Handler => {
    const isEscaping = ESCAPING.has(name);
    return function careful(value, ...args) {
      const all = [value, ...args];
      if (!isEscaping && !all.some(holdsMarkup)) return filter.apply(this, all);
      const context = this;
      const apply = (form: (markup: Markup) => string) =>
        filter.apply(
          context,
          all.map((one) => inForm(form, one)),
        );
      return (function* (): Generator<unknown, unknown, unknown> {
        const texts: unknown = yield apply(String);
        if (typeof texts !== 'string' && !Array.isArray(texts)) return texts;
        const raws: unknown = yield apply(Markup.rawOf);
        if (typeof texts !== 'string') return markedUp(context, texts, raws);
        if (isEscaping) return new Markup(texts, String(raws));
        if (!JOINING.has(name) && !(TRIMMING.has(name) && args.length === 0)) return markedUp(context, texts, raws);
        // Its arguments by name are not shown.
        const isShown = (one: unknown) => typeof one === 'string' || (typeof one === 'object' && name !== 'default');
        const joined = all.map((one) => (one instanceof Markup || isShown(one) ? htmlOf(context, one) : one));
        return new Markup(String(yield filter.apply(context, joined)), String(raws));
      })();
    };
  };

  for (const [name, filter] of Object.entries(liquid.filters)) {
    const handler = (typeof filter === 'function' ? filter : filter?.handler) as Handler;
    if (name !== 'raw') liquid.registerFilter(name, careful(name, handler) as FilterImpl);
  }
  liquid.registerFilter('raw', { raw: true, handler: (value: unknown) => inForm(Markup.rawOf, value) });
  // `empty` and `blank`, before it, look at what they are compared with as at any object.
  const { '==': isEqual, '!=': isOther } = liquid.options.operators as Record<
    '==' | '!=',
    (a: unknown, b: unknown) => unknown
  >;
  liquid.options.operators = {
    ...liquid.options.operators,
    '==': (a: unknown, b: unknown) => isEqual(inForm(String, a), inForm(String, b)),
    '!=': (a: unknown, b: unknown) => isOther(inForm(String, a), inForm(String, b)),
  } as Liquid['options']['operators'];
  liquid.options.outputEscape = function (value: unknown) {
    return htmlOf(this, value);
  };
  liquid.registerTag(
    'capture',
    class extends liquidjs.CaptureTag {
      override *render(...[context]: Parameters<InstanceType<Liquidjs['CaptureTag']>['render']>) {
        yield* super.render(context);
        const names = context.bottom() as Record<string, unknown>;
        names[this.variable] = new Markup(String(names[this.variable]));
      }
    },
  );
};
