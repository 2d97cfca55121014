/**
 * MJML knows no Liquid, so while it compiles each tag and output of Liquid is a plain word: MJML neither parses what is in it (a
 * `<` in a condition, quotes in an attribute) nor loses it.
 */
export type Shielded = {
  /** The source with a word in the place of each piece of Liquid. */
  text: string;
  /** The pieces, by the number in their word. `line` counts from 1. */
  pieces: { source: string; line: number }[];
  /** Matches the words; the first group is the number. */
  word: RegExp;
  /** The text with Liquid in the places of the words. */
  restore: (text: string) => string;
  /** Line of the source that a line of `text` begins in; both from 1. */
  lineOf: (line: number) => number;
};

/** What begins here is not looked into: its end is the end of the piece. */
const OPAQUE: Record<string, string> = { comment: 'endcomment', raw: 'endraw' };

/** Throws what liquidjs throws on tags and outputs that are not closed. */
export const shieldLiquid = (liquidjs: typeof import('liquidjs'), source: string): Shielded => {
  const pieces: Shielded['pieces'] = [];
  const stem = stemFor(source);
  const lines = [1];
  let [text, line] = ['', 1];
  for (const { begin, end, isLiquid } of stretchesOf(liquidjs, source)) {
    const part = source.slice(begin, end);
    const rows = part.split('\n').length - 1;
    if (isLiquid) {
      text += `${stem}${pieces.length}z`;
      pieces.push({ source: part, line });
    } else {
      text += part;
      for (let row = 1; row <= rows; row += 1) lines.push(line + row);
    }
    line += rows;
  }
  const word = new RegExp(`${stem}(\\d+)z`, 'g');
  return {
    text,
    pieces,
    word,
    restore: (compiled) => compiled.replace(word, (_, number) => pieces[Number(number)]?.source ?? ''),
    lineOf: (at) => lines[at - 1] ?? 1,
  };
};

/** A word of letters that the source does not have. */
const stemFor = (source: string): string => {
  let stem = 'liquid';
  while (source.toLowerCase().includes(stem)) stem += 'q';
  return stem;
};

type Stretch = { begin: number; end: number; isLiquid: boolean };

const stretchesOf = (liquidjs: typeof import('liquidjs'), source: string): Stretch[] => {
  const found: Stretch[] = [];
  let until: string | undefined;
  for (const token of new liquidjs.Tokenizer(source).readTopLevelTokens()) {
    const { begin, end } = token;
    const isLiquid = token.kind !== liquidjs.TokenKind.HTML;
    const name = 'name' in token ? String(token.name) : undefined;
    const last = found.at(-1);
    if (until !== undefined && last) {
      last.end = end;
      if (name === until) until = undefined;
      continue;
    }
    if (name !== undefined) until = OPAQUE[name];
    found.push({ begin, end, isLiquid });
  }
  return found;
};
