import type { Renderer } from '../../render.ts';
import { MAX_LOOKUPS, tablesIn } from '../catalogue.ts';
import { pageFaults } from '../page-notes.ts';
import { shieldLiquid } from '../shield-liquid.ts';
import { strayBreaks } from '../stray-breaks.ts';
import { type BlockText, REPEATED, textsOfBlocks } from './block-texts.ts';
import type { EmailBlock, EmailBlocks } from './blocks.ts';

/** `line`: within the text that `path` names. */
export type BlockFault = { path: string; line: number; message: string; tooCostly: boolean };

/** What keeps blocks from being a page, each with its place below them, as `list.3.text`. */
export const faultsOfBlocks = (
  liquidjs: typeof import('liquidjs'),
  { errorsIn }: Pick<Renderer, 'errorsIn'>,
  blocks: EmailBlocks,
): BlockFault[] => [
  ...lookupFaults(blocks),
  ...textsOfBlocks(blocks).flatMap(({ path, own, liquid, condition }): BlockFault[] => {
    const found = errorsIn({ name: 'blocks', channels: { email: { subject: '-', html: liquid } } });
    if (found.length > 0) return found.map(({ line, message, tooCostly }) => ({ path, line, message, tooCostly }));
    // The loop of a repeat goes through several blocks: one that left it would leave them open.
    const strays = strayBreaks(liquidjs, new liquidjs.Liquid().parse(own));
    if (strays.length > 0) return strays.map((stray) => ({ path, ...stray, tooCostly: false }));
    if (condition !== undefined) return conditionFaults(liquidjs, path, condition);
    return htmlFaults(liquidjs, { path, liquid });
  }),
];

/** Whoever has the longest lists would not get the message at all, and nobody would know before. */
const lookupFaults = ({ list }: EmailBlocks): BlockFault[] => {
  const most = list.reduce((sum, block) => sum + lookupsOf(block), 0);
  if (most <= MAX_LOOKUPS) return [];
  const message = `The blocks may ask for ${most} rows of reference tables; ${MAX_LOOKUPS} is the most: lower a limit`;
  return [{ path: 'list', line: 1, message, tooCostly: false }];
};

const lookupsOf = (block: EmailBlock): number => {
  const inner = block.kind === 'repeat' ? block.blocks : [block];
  const written = textsOfBlocks({ list: inner }).reduce((sum, { own }) => sum + tablesIn(own).length, 0);
  if (block.kind !== 'repeat') return written;
  return (block.limit ?? REPEATED) * (written + (block.table === undefined ? 0 : 1));
};

/** Of values beside one another Liquid takes the last: `tier is "gold"` would be true for everybody. */
const conditionFaults = (liquidjs: typeof import('liquidjs'), path: string, condition: string): BlockFault[] => {
  const tokens = [...new liquidjs.Tokenizer(condition).readExpressionTokens()];
  const isValue = (token: (typeof tokens)[number] | undefined) => token && token.kind !== liquidjs.TokenKind.Operator;
  const stray = tokens.find((token, n) => isValue(token) && isValue(tokens[n - 1]));
  const message = `There is no operator before ${stray?.getText()}`;
  return stray ? [{ path, line: 1, message, tooCostly: false }] : [];
};

const htmlFaults = (
  liquidjs: typeof import('liquidjs'),
  { path, liquid }: Pick<BlockText, 'path' | 'liquid'>,
): BlockFault[] => {
  if (!path.endsWith('.html')) return [];
  const { text, lineOf } = shieldLiquid(liquidjs, liquid);
  if (/<\/?mj-/i.test(text)) return [{ path, line: 1, message: 'HTML has no elements of MJML', tooCostly: false }];
  return pageFaults(text)
    .filter(({ code }) => code === 'html')
    .map(({ line, message }) => ({ path, line: lineOf(line), message, tooCostly: false }));
};
