import type { Renderer } from '../../core/strategy/render.ts';
import type { EmailBlocks } from '../../core/strategy/template/blocks/blocks.ts';
import type { CompiledTemplate, TemplateInput } from '../../core/strategy/template.ts';
import { type FieldError, Problem } from '../middleware/problem.ts';
import { loadMjml } from './load-mjml.ts';
import { refuseSize } from './refuse-template.ts';

type Page = NonNullable<TemplateInput['channels']['email']>;

/**
 * The template with each page that is written as MJML or blocks in HTML as well. Throws 422 with the block, or the line of the MJML, of
 * everything that is wrong in it, Liquid first: the author never sees the HTML. Throws 413 before it compiles what is too much to be stored.
 */
export const compileTemplate = async (
  { name, locale, channels, locales }: TemplateInput,
  { errorsIn }: Pick<Renderer, 'errorsIn'>,
): Promise<CompiledTemplate> => {
  refuseSize([channels, ...Object.values(locales ?? {})].map(writtenOf));
  const errors: FieldError[] = [];
  let tooCostly = false;

  const pageOf = async (page: Page, at: string, language: string | undefined): Promise<string> => {
    if (page.blocks !== undefined) return ofBlocks(page.blocks, `${at}.email.blocks`, language);
    if (page.mjml === undefined) return page.html ?? '';
    const found = errorsIn({ name, channels: { email: { subject: '-', html: page.mjml } } });
    tooCostly ||= found.some((one) => one.tooCostly);
    errors.push(...found.map(({ line, message }) => ({ path: `${at}.email.mjml`, line, message })));
    if (found.length > 0) return '';
    const result = await (await loadMjml())(page.mjml, language);
    if (result.kind === 'compiled') return result.html;
    errors.push(...result.errors.map((error) => ({ path: `${at}.email.mjml`, ...error })));
    return '';
  };
  const ofBlocks = async (blocks: EmailBlocks, at: string, language: string | undefined): Promise<string> => {
    // Most templates have none: nobody else waits for what turns them into MJML.
    const [liquidjs, { faultsOfBlocks }, { mjmlOfBlocks }] = await Promise.all([
      import('liquidjs'),
      import('../../core/strategy/template/blocks/block-faults.ts'),
      import('../../core/strategy/template/blocks/blocks-mjml.ts'),
    ]);
    const found = faultsOfBlocks(liquidjs, { errorsIn }, blocks);
    tooCostly ||= found.some((one) => one.tooCostly);
    errors.push(...found.map(({ path, line, message }) => ({ path: `${at}.${path}`, line, message })));
    if (found.length > 0) return '';
    const { mjml, pathAt } = mjmlOfBlocks(liquidjs, blocks);
    const result = await (await loadMjml())(mjml, language);
    if (result.kind === 'compiled') return result.html;
    errors.push(
      ...result.errors.map(({ line, message }) => ({ path: `${at}.${pathAt(line) ?? 'list'}`, line: 1, message })),
    );
    return '';
  };
  const compiled = async <C extends { email?: Page | undefined }>({ email, ...others }: C, at: string, tag?: string) =>
    email ? { email: { ...email, html: await pageOf(email, at, tag) }, ...others } : others;

  const own = await compiled(channels, 'channels', locale);
  const translated: NonNullable<CompiledTemplate['locales']> = {};
  for (const [tag, one] of Object.entries(locales ?? {})) translated[tag] = await compiled(one, `locales.${tag}`, tag);
  const [first] = errors;
  if (first) {
    const type = tooCostly ? 'template-too-costly' : 'invalid-template';
    throw new Problem(type, `${first.path}, line ${first.line}: ${first.message}`, { errors });
  }
  return { name, ...(locale && { locale }), channels: own, ...(locales && { locales: translated }) };
};

/** HTML that comes with what it was made from is made anew. */
const writtenOf = ({ email, ...others }: { email?: Page | undefined }): object =>
  (email?.mjml ?? email?.blocks) === undefined ? { email, ...others } : { email: { ...email, html: '' }, ...others };
