import type { Note } from '../notes.ts';
import type { EmailBlock, EmailBlocks } from './blocks.ts';
import { lookOf } from './look.ts';

/** What WCAG 2.2, 1.4.3 asks of text, and of text of 24 pixels or more. */
const ENOUGH = { text: 4.5, large: 3 };

/** Texts, links and buttons whose colours are too near to each other to be read by everybody, each with its place below the blocks. */
export const contrastNotes = ({ settings, list }: EmailBlocks): Note[] => {
  const look = lookOf(settings);
  const walk = (block: EmailBlock, path: string, page: string): Note[] => {
    if (block.kind === 'columns') {
      const own = block.background ?? page;
      return block.columns.flatMap(({ elements }, c) =>
        elements.flatMap((element, n) => walk(element, `${path}.columns.${c}.elements.${n}`, own)),
      );
    }
    if (block.kind === 'repeat') return block.blocks.flatMap((one, n) => walk(one, `${path}.blocks.${n}`, page));
    if (block.kind === 'button')
      return faint(path, block.color ?? look.buttonColor, block.background ?? look.buttonBackground, ENOUGH.text);
    if (block.kind === 'heading')
      return faint(path, block.color ?? look.color, page, (block.level ?? 1) === 1 ? ENOUGH.large : ENOUGH.text);
    const links = () => faint(path, look.linkColor, page, ENOUGH.text);
    if (block.kind === 'text') {
      const hasLink = typeof block.text !== 'string' && block.text.some(({ href }) => href !== undefined);
      return [...faint(path, block.color ?? look.color, page, ENOUGH.text), ...(hasLink ? links() : [])];
    }
    if (block.kind !== 'footer') return [];
    return [...(block.text === undefined ? [] : faint(path, look.color, page, ENOUGH.text)), ...links()];
  };
  return list.flatMap((block, n) => walk(block, `list.${n}`, look.page));
};

const faint = (path: string, color: string, background: string, enough: number): Note[] => {
  const [dark = 0, light = 0] = [luminance(color), luminance(background)].sort((a, b) => a - b);
  const ratio = (light + 0.05) / (dark + 0.05);
  if (ratio >= enough) return [];
  const message = `blocks.${path}: ${color} on ${background} has a contrast of ${ratio.toFixed(1)}; ${enough} can be read by all`;
  return [{ code: 'contrast', message }];
};

/** Relative luminance, 0 to 1, as WCAG 2.2 defines it. */
const luminance = (colour: string): number => {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
