/** Values of placeholders, by what stands between the brackets. */
export type PlaceholderValues = Readonly<Record<string, unknown>>;

/** A playbook names a placeholder that there is not: a mistake in the playbook itself. */
export class UnknownPlaceholder extends Error {
  override name = 'UnknownPlaceholder';
}

const PLACEHOLDER = /\[\[([a-zA-Z.-]+)\]\]/g;

const valueAt = (values: PlaceholderValues, name: string): unknown => {
  if (!Object.hasOwn(values, name)) throw new UnknownPlaceholder(`There is no [[${name}]]`);
  return values[name];
};

/** Names of the placeholders anywhere in the value, each once. */
export const placeholdersIn = (value: unknown): string[] => [
  ...new Set([...JSON.stringify(value).matchAll(PLACEHOLDER)].map(([, name = '']) => name)),
];

/** A text with its placeholders replaced. Throws UnknownPlaceholder. */
export const fillText = (text: string, values: PlaceholderValues): string =>
  text.replaceAll(PLACEHOLDER, (_, name: string) => String(valueAt(values, name)));

const ENTITIES: Record<string, string> = { '&': '&amp;', "'": '&#39;' };
const escaped = (value: string): string => value.replaceAll(/[&']/g, (sign) => ENTITIES[sign] ?? sign);

/**
 * HTML with its placeholders replaced. What comes in is escaped, but for what stands within Liquid, which escapes its output by itself;
 * of the signs that matter in HTML only these two may be in a value (values.ts).
 */
export const fillHtml = (html: string, values: PlaceholderValues): string =>
  html
    .split(/(\{\{.*?\}\}|\{%.*?%\})/s)
    .map((part, n) =>
      n % 2 === 1
        ? fillText(part, values)
        : part.replaceAll(PLACEHOLDER, (_, name: string) => escaped(String(valueAt(values, name)))),
    )
    .join('');

/** Any JSON with its placeholders replaced. A text that is nothing but a placeholder becomes the value. Throws UnknownPlaceholder. */
export const fill = (value: unknown, values: PlaceholderValues): unknown => {
  if (typeof value === 'string') {
    const [, name] = /^\[\[([a-zA-Z.-]+)\]\]$/.exec(value) ?? [];
    return name === undefined ? fillText(value, values) : valueAt(values, name);
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [fillText(name, values), fill(inner, values)]),
  );
};
