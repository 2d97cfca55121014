import type { EmailBlock, EmailBlocks, EmailElement, EmailRepeat } from './blocks.ts';

/** Liquid that stands in a block. `own`: as it is written; `liquid`: within what makes `item` known to it, on the same line. */
export type BlockText = { path: string; own: string; liquid: string; condition?: string };
type Around = (liquid: string) => string;

/** Every Liquid of the blocks with its place below them, as `list.3.text`. */
export const textsOfBlocks = ({ settings, list }: EmailBlocks): BlockText[] => [
  ...(settings?.preview === undefined
    ? []
    : [{ path: 'settings.preview', own: settings.preview, liquid: settings.preview }]),
  ...list.flatMap((block, n) => textsIn(block, `list.${n}`, (liquid) => liquid)),
];

const textsIn = (block: EmailBlock, path: string, around: Around): BlockText[] => {
  const textAt = (at: string, own: string): BlockText => ({ path: at, own, liquid: around(own) });
  const { showIf } = block;
  const condition =
    showIf === undefined ? [] : [{ ...textAt(`${path}.showIf`, `{% if ${showIf} %}{% endif %}`), condition: showIf }];
  if (block.kind === 'columns') {
    const inner = block.columns.flatMap((column, c) =>
      column.elements.flatMap((element, n) => textsIn(element, `${path}.columns.${c}.elements.${n}`, around)),
    );
    return [...condition, ...inner];
  }
  if (block.kind === 'repeat') {
    const { before, after } = aroundRepeat(block);
    const each: Around = (liquid) => around(before + liquid + after);
    // Without anything in it: what is wrong with the list itself.
    const loop = textAt(`${path}.${block.table === undefined ? 'of' : 'table'}`, before + after);
    return [...condition, loop, ...block.blocks.flatMap((one, n) => textsIn(one, `${path}.blocks.${n}`, each))];
  }
  const texts = Object.entries(liquidOf(block)).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return [...condition, ...texts.map(([name, own]) => textAt(`${path}.${name}`, own))];
};

const liquidOf = (element: EmailElement): Record<string, string | undefined> => {
  switch (element.kind) {
    case 'heading':
      return { text: element.text };
    case 'text':
      return typeof element.text === 'string'
        ? { text: element.text }
        : Object.fromEntries(
            element.text.flatMap(({ text, href }, n) => [
              [`text.${n}.text`, text],
              [`text.${n}.href`, href],
            ]),
          );
    case 'image':
      return { src: element.src, alt: element.alt, href: element.href };
    case 'button':
      return { text: element.text, href: element.href };
    case 'html':
      return { html: element.html };
    case 'footer':
      return { text: element.text, unsubscribe: element.unsubscribe, preferences: element.preferences };
    case 'divider':
    case 'spacer':
      return {};
  }
};

/** So often does a repeat repeat that says no limit. */
export const REPEATED = 4;

/** The Liquid around what a repeat repeats. */
export const aroundRepeat = ({ of, table, limit = REPEATED }: EmailRepeat): { before: string; after: string } => {
  const each = `{% for ${table === undefined ? 'item' : 'item_key'} in ${of} limit: ${limit} %}`;
  const [row, end] =
    table === undefined
      ? ['', '']
      : [`{% assign item = item_key | catalogue: "${table}" %}{% if item %}`, '{% endif %}'];
  return { before: `{% if ${of} %}${each}${row}`, after: `${end}{% endfor %}{% endif %}` };
};
