import { shieldLiquid } from '../shield-liquid.ts';
import { aroundRepeat } from './block-texts.ts';
import { type EmailBlock, type EmailBlocks, type EmailColumns, type EmailElement, FONTS } from './blocks.ts';
import { lookOf } from './look.ts';

/** A part of the page, and the block that it came from. */
type Part = { path: string; mjml: string };
/** `pathAt`: the block that a line of the MJML came from, as `list.3`; undefined: none. */
export type BlocksMjml = { mjml: string; pathAt: (line: number) => string | undefined };

const HEADING_PIXELS = [28, 22, 18];

/**
 * The blocks as MJML. Elements that follow one another share a section. What is written is escaped, its Liquid apart, so a text shows
 * what was written. Throws what liquidjs throws on Liquid that is not closed: whoever calls has looked at the texts one by one.
 */
export const mjmlOfBlocks = (liquidjs: typeof import('liquidjs'), { settings, list }: EmailBlocks): BlocksMjml => {
  const { font = 'system', preview } = settings ?? {};
  const look = lookOf(settings);

  /** What is written, and what stands in `raw`, with its signs replaced; all other Liquid as it is. */
  const replaced = (source: string, replace: (words: string) => string): string => {
    const { text, pieces, word } = shieldLiquid(liquidjs, source);
    return replace(text).replace(word, (_, number) => {
      const { source: piece = '' } = pieces[Number(number)] ?? {};
      return /^\{%-?\s*raw\b/.test(piece) ? replace(piece) : piece;
    });
  };
  const withEntities = (words: string): string => words.replace(/[&<>"]/g, (sign) => ESCAPES[sign] as string);
  const escaped = (source: string): string => replaced(source, withEntities);
  const inAttribute = (source: string): string => escaped(source.replace(/[\r\n]+/g, ' '));
  /** Line ends of what is written are seen; those within a tag of Liquid are none. */
  const shown = (source: string): string =>
    replaced(source, (words) => withEntities(words).replace(/\r\n|\r|\n/g, '<br />'));
  const attributes = (values: Record<string, string | number | undefined>): string =>
    Object.entries(values)
      .flatMap(([name, value]) => (value === undefined ? [] : [` ${name}="${inAttribute(String(value))}"`]))
      .join('');
  const px = (value: number | undefined) => (value === undefined ? undefined : `${value}px`);
  const link = (href: string, words: string) =>
    `<a href="${inAttribute(href)}" style="color:${look.linkColor}">${words}</a>`;

  const elementOf = (element: EmailElement): string => {
    switch (element.kind) {
      case 'heading': {
        const { level = 1, align, color, text } = element;
        const size = HEADING_PIXELS[level - 1] as number;
        const style = `margin:0;font-size:${size}px;line-height:1.3`;
        return `<mj-text${attributes({ align, color })}><h${level} style="${style}">${shown(text)}</h${level}></mj-text>`;
      }
      case 'text': {
        const { text, align, color, size } = element;
        const runs = typeof text === 'string' ? [{ text }] : text;
        return `<mj-text${attributes({ align, color, 'font-size': px(size) })}>${runs.map(runOf).join('')}</mj-text>`;
      }
      case 'image': {
        const { src, alt, href, width, align } = element;
        // As wide as its column, also where that is as wide as the phone.
        const fluid = width === undefined ? 'true' : undefined;
        return `<mj-image${attributes({ src, href, width: px(width), align, 'fluid-on-mobile': fluid })} alt="${inAttribute(alt)}" />`;
      }
      case 'button': {
        const { text, href, align, background, color } = element;
        return `<mj-button${attributes({ href, align, 'background-color': background, color })}>${shown(text)}</mj-button>`;
      }
      case 'divider':
        return `<mj-divider${attributes({ 'border-color': element.color, 'border-width': px(element.thickness) })} />`;
      case 'spacer':
        return `<mj-spacer height="${element.height}px" />`;
      case 'html':
        return `<mj-text>${element.html}</mj-text>`;
      case 'footer': {
        const { text, unsubscribe, preferences, align = 'center' } = element;
        const links = [
          ...(preferences === undefined ? [] : [link('{{ preferences_url }}', shown(preferences))]),
          link('{{ unsubscribe_url }}', shown(unsubscribe)),
        ].join(' · ');
        const words = text === undefined ? links : `${shown(text)}<br />${links}`;
        return `<mj-text${attributes({ align })} font-size="12px">${words}</mj-text>`;
      }
    }
  };
  const runOf = (run: {
    text: string;
    bold?: boolean | undefined;
    italic?: boolean | undefined;
    href?: string | undefined;
  }) => {
    // A brace at the end makes no Liquid with one that the next stretch begins with.
    const own = shown(run.text).replace(/\{$/, '&#123;');
    const strong = run.bold ? `<strong>${own}</strong>` : own;
    const words = run.italic ? `<em>${strong}</em>` : strong;
    return run.href === undefined ? words : link(run.href, words);
  };

  const guarded = ({ showIf }: { showIf?: string | undefined }, mjml: string): string =>
    showIf === undefined ? mjml : `{% if ${showIf} %}${mjml}{% endif %}`;
  const elements = (all: readonly EmailElement[], path: string): Part[] =>
    all.map((element, n) => ({ path: `${path}.${n}`, mjml: guarded(element, elementOf(element)) }));

  const columnsOf = (block: EmailColumns, path: string): Part[] => {
    const { columns, keepBeside, background } = block;
    const [group, end] = keepBeside ? ['<mj-group>', '</mj-group>'] : ['', ''];
    const taken = columns.reduce((sum, { width = 0 }) => sum + width, 0);
    const open = columns.filter(({ width }) => width === undefined).length;
    const wide = (width: number | undefined) => `${width ?? Math.floor(((100 - taken) / open) * 100) / 100}%`;
    const inner = columns.flatMap(({ width, elements: own }, c) => [
      { path, mjml: `<mj-column width="${wide(width)}">` },
      ...elements(own, `${path}.columns.${c}.elements`),
      { path, mjml: '</mj-column>' },
    ]);
    return [
      { path, mjml: `<mj-section${attributes({ 'background-color': background })}>${group}` },
      ...inner,
      { path, mjml: `${end}</mj-section>` },
    ];
  };

  /** Blocks beside one another: each one's place is its place in the list, whatever section it comes into. */
  const blocksOf = (blocks: readonly EmailBlock[], path: string): Part[] => {
    const parts: Part[] = [];
    let isOpen = false;
    const section = (wanted: boolean, at: string) => {
      if (wanted !== isOpen)
        parts.push({ path: at, mjml: wanted ? '<mj-section><mj-column>' : '</mj-column></mj-section>' });
      isOpen = wanted;
    };
    for (const [n, block] of blocks.entries()) {
      const at = `${path}.${n}`;
      const isElement = block.kind !== 'columns' && block.kind !== 'repeat';
      section(isElement, at);
      if (isElement) parts.push({ path: at, mjml: guarded(block, elementOf(block)) });
      else if (block.kind === 'columns') parts.push(...around(block, columnsOf(block, at), at));
      else {
        const { before, after } = aroundRepeat(block);
        const inner = blocksOf(block.blocks, `${at}.blocks`);
        parts.push(...around(block, [{ path: at, mjml: before }, ...inner, { path: at, mjml: after }], at));
      }
    }
    section(false, path);
    return parts;
  };
  const around = ({ showIf }: EmailBlock, parts: Part[], path: string): Part[] =>
    showIf === undefined ? parts : [{ path, mjml: `{% if ${showIf} %}` }, ...parts, { path, mjml: '{% endif %}' }];

  const head = [
    ...(preview === undefined ? [] : [`<mj-preview>${escaped(preview.replace(/[\r\n]+/g, ' '))}</mj-preview>`]),
    '<mj-attributes>',
    `<mj-all font-family="${FONTS[font]}" />`,
    `<mj-text font-size="${look.size}px" line-height="1.5" color="${look.color}" />`,
    `<mj-button font-size="${look.size}px" background-color="${look.buttonBackground}" color="${look.buttonColor}" />`,
    `<mj-section background-color="${look.page}" padding="0" />`,
    '<mj-divider border-width="1px" border-color="#d4d4d8" />',
    '</mj-attributes>',
  ].map((mjml) => ({ path: 'settings', mjml }));
  const parts: Part[] = [
    { path: 'settings', mjml: '<mjml><mj-head>' },
    ...head,
    { path: 'settings', mjml: `</mj-head><mj-body background-color="${look.background}" width="${look.width}px">` },
    ...blocksOf(list, 'list'),
    { path: 'settings', mjml: '</mj-body></mjml>' },
  ];
  const paths = parts.flatMap(({ path, mjml }) => mjml.split('\n').map(() => path));
  return { mjml: parts.map(({ mjml }) => mjml).join('\n'), pathAt: (line) => paths[line - 1] };
};

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
