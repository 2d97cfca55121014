import type { CompiledTemplate } from '../template.ts';

/** What is different at one place. A line that only moved counts as neither added nor removed. */
export type TemplateChange = {
  /** As `channels.email.subject` or `locales.fr.sms.text`. */
  path: string;
  change: 'added' | 'removed' | 'changed';
  linesAdded: number;
  linesRemoved: number;
};

/** What differs between two versions, by path. HTML that was made from MJML or blocks is not compared: its source is. */
export const changesBetween = (before: CompiledTemplate, after: CompiledTemplate): TemplateChange[] => {
  const [old, young] = [textsOf(before), textsOf(after)];
  return [...new Set([...old.keys(), ...young.keys()])].sort().flatMap((path): TemplateChange[] => {
    const [was, is] = [old.get(path), young.get(path)];
    if (was === is) return [];
    const change = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed';
    return [{ path, change, linesAdded: surplus(is, was), linesRemoved: surplus(was, is) }];
  });
};

const textsOf = ({ name, locale, channels, locales = {} }: CompiledTemplate): Map<string, string> => {
  const written = (own: CompiledTemplate['channels']) =>
    (own.email?.mjml ?? own.email?.blocks) === undefined ? own : { ...own, email: { ...own.email, html: undefined } };
  const translated = Object.fromEntries(Object.entries(locales).map(([tag, own]) => [tag, written(own)]));
  const found = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (value === undefined) return;
    if (typeof value !== 'object' || value === null) return void found.set(path, String(value));
    for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
  };
  walk({ name, locale, channels: written(channels), locales: translated }, '');
  return found;
};

/** How many lines the first has beyond those of the second. */
const surplus = (of: string | undefined, beyond: string | undefined): number => {
  const counts = new Map<string, number>();
  for (const line of beyond?.split('\n') ?? []) counts.set(line, (counts.get(line) ?? 0) + 1);
  return (of?.split('\n') ?? []).filter((line) => {
    const left = counts.get(line) ?? 0;
    counts.set(line, left - 1);
    return left <= 0;
  }).length;
};
