import * as z from 'zod/mini';

/** The list may have so many blocks, and each column so many elements. */
export const MAX_BLOCKS = 100;
const MAX_ELEMENTS = 20;

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));
const between = (min: number, max: number) => z.int().check(z.minimum(min), z.maximum(max));
const colour = z.string().check(z.regex(/^#[0-9a-fA-F]{6}$/, 'A colour is written like #1a2b3c'));
const align = z.optional(z.enum(['left', 'center', 'right']));
const address = text(2_000);
/** A condition of Liquid, as it stands in `if`: `profile.attributes.tier == "gold"`. Whoever does not meet it does not get the block. */
const showIf = z.optional(
  text(500).check(z.regex(/^(?!.*(\{[{%]|[%}]\})).+$/, 'Write the condition alone, on one line')),
);

/** A stretch of a text that looks alike. */
const run = z.strictObject({
  text: text(5_000),
  ...{ bold: z.optional(z.boolean()), italic: z.optional(z.boolean()) },
  /** Where it leads. */
  href: z.optional(address),
});

const heading = z.strictObject({
  kind: z.literal('heading'),
  text: text(500),
  ...{ level: z.optional(between(1, 3)), align, color: z.optional(colour), showIf },
});
const paragraph = z.strictObject({
  kind: z.literal('text'),
  text: z.union([text(5_000), z.array(run).check(z.minLength(1), z.maxLength(50))]),
  ...{ size: z.optional(between(10, 40)), align, color: z.optional(colour), showIf },
});
const image = z.strictObject({
  kind: z.literal('image'),
  src: address,
  /** What is read to those who see no images; empty where it is mere decoration. */
  alt: z.string().check(z.maxLength(500)),
  ...{ href: z.optional(address), width: z.optional(between(1, 1_200)), align, showIf },
});
const button = z.strictObject({
  kind: z.literal('button'),
  ...{ text: text(200), href: address, align, showIf },
  ...{ background: z.optional(colour), color: z.optional(colour) },
});
const divider = z.strictObject({
  kind: z.literal('divider'),
  ...{ color: z.optional(colour), thickness: z.optional(between(1, 10)), showIf },
});
const spacer = z.strictObject({ kind: z.literal('spacer'), height: between(1, 200), showIf });
/** HTML as it is. Its tags are closed, so that it changes nothing around it. */
const html = z.strictObject({ kind: z.literal('html'), html: text(20_000), showIf });
/** Who writes, and how to leave. */
const footer = z.strictObject({
  kind: z.literal('footer'),
  /** The sender's name and address. */
  text: z.optional(text(1_000)),
  /** Words of the link by which the person unsubscribes. */
  unsubscribe: text(100),
  /** Words of the link to all preferences. */
  preferences: z.optional(text(100)),
  ...{ align, showIf },
});

const elements = [heading, paragraph, image, button, divider, spacer, html, footer] as const;
/** What stands in the list, in columns and in what is repeated. */
const element = z.discriminatedUnion('kind', elements).register(z.globalRegistry, { id: 'EmailElement' });

const columns = z.strictObject({
  kind: z.literal('columns'),
  columns: z
    .array(
      z.strictObject({
        /** Per cent. Whatever is left over is shared by the columns without one. */
        width: z.optional(between(5, 95)),
        elements: z.array(element).check(z.maxLength(MAX_ELEMENTS)),
      }),
    )
    .check(
      z.minLength(2),
      z.maxLength(4),
      z.refine((all) => {
        const wide = all.reduce((sum, { width = 0 }) => sum + width, 0);
        return wide <= 100 && (wide < 100 || all.every(({ width }) => width !== undefined));
      }, 'The widths are 100 per cent together, or less'),
    ),
  /** Whether they stay beside each other on a phone; else one comes below the other. */
  keepBeside: z.optional(z.boolean()),
  background: z.optional(colour),
  showIf,
});

/**
 * Once for each value of a list: what it is, the elements know as `item`. With `table`, the values are keys of that reference table, and
 * `item` is the row; whatever has no row is left out. Nothing where the person lacks the list. One value alone is a list of one.
 */
const repeat = z.strictObject({
  kind: z.literal('repeat'),
  of: z
    .string()
    .check(
      z.maxLength(200),
      z.regex(
        /^(profile\.attributes|event\.properties)(\.[A-Za-z_][A-Za-z0-9_-]*){1,5}$/,
        'Name an attribute, or a property of the event',
      ),
    ),
  table: z.optional(z.string().check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'The id of a reference table'))),
  /** So many at the most; absent: 4. */
  limit: z.optional(between(1, 20)),
  blocks: z
    .array(z.discriminatedUnion('kind', [...elements, columns]))
    .check(z.minLength(1), z.maxLength(MAX_ELEMENTS)),
  showIf,
});

const block = z
  .discriminatedUnion('kind', [...elements, columns, repeat])
  .register(z.globalRegistry, { id: 'EmailBlock' });

/** The letters that every device has; `system` is the reader's own, which knows the signs of every language. */
export const FONTS = {
  system: "-apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei', sans-serif",
  arial: 'Arial, Helvetica, sans-serif',
  verdana: 'Verdana, Geneva, sans-serif',
  georgia: "Georgia, 'Times New Roman', serif",
  courier: "'Courier New', Courier, monospace",
} as const;

/** An email as an editor keeps it. Every text and address is Liquid; texts are plain: what is written is shown, `<` too. */
export const emailBlocks = z
  .strictObject({
    settings: z.optional(
      z.strictObject({
        /** Pixels of the page on a desk; absent: 600. */
        width: z.optional(between(320, 900)),
        font: z.optional(z.enum(Object.keys(FONTS) as (keyof typeof FONTS)[])),
        /** Of texts, in pixels; absent: 16. */
        size: z.optional(between(10, 40)),
        ...{ background: z.optional(colour), page: z.optional(colour), color: z.optional(colour) },
        ...{ linkColor: z.optional(colour), buttonBackground: z.optional(colour), buttonColor: z.optional(colour) },
        /** What inboxes show after the subject. */
        preview: z.optional(text(300)),
      }),
    ),
    list: z.array(block).check(z.minLength(1), z.maxLength(MAX_BLOCKS)),
  })
  .register(z.globalRegistry, { id: 'EmailBlocks' });

export type EmailBlocks = z.infer<typeof emailBlocks>;
export type EmailElement = z.infer<typeof element>;
export type EmailColumns = z.infer<typeof columns>;
export type EmailRepeat = z.infer<typeof repeat>;
export type EmailBlock = EmailElement | EmailColumns | EmailRepeat;
