import type { CompiledTemplate } from '../template.ts';
import { textsOfBlocks } from './blocks/block-texts.ts';
import { tablesIn } from './catalogue.ts';
import { shieldLiquid } from './shield-liquid.ts';

/** `table` undefined: the look-up names none by its id. */
export type NamedTable = { field: string; line: number; table: string | undefined };

/** The reference tables that a template names, each with its place in what the author wrote: not in the HTML that was made from it. */
export const tablesOf = (liquidjs: typeof import('liquidjs'), template: CompiledTemplate): NamedTable[] => {
  const places = [{ at: 'channels', own: template.channels }].concat(
    Object.entries(template.locales ?? {}).map(([tag, own]) => ({ at: `locales.${tag}`, own })),
  );
  return places.flatMap(({ at, own }) =>
    writtenTexts(own, at).flatMap(({ path, liquid }) =>
      shieldLiquid(liquidjs, liquid).pieces.flatMap((piece) =>
        tablesIn(piece.source).map((table) => ({ field: path, line: piece.line, table })),
      ),
    ),
  );
};

type Text = { path: string; liquid: string };

const writtenTexts = ({ email, ...others }: CompiledTemplate['channels'], at: string): Text[] => {
  const { html, mjml, blocks, ...head } = email ?? {};
  const page = blocks
    ? textsOfBlocks(blocks).map(({ path, own }) => ({ path: `${at}.email.blocks.${path}`, liquid: own }))
    : textsAt(mjml === undefined ? { html } : { mjml }, `${at}.email`);
  return [...textsAt(head, `${at}.email`), ...page, ...textsAt(others, at)];
};

const textsAt = (value: unknown, path: string): Text[] => {
  if (typeof value === 'string') return [{ path, liquid: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => textsAt(inner, `${path}.${name}`));
};
