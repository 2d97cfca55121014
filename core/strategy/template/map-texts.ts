/** The value with each text in it replaced, at any depth; what is no text stays. */
export const mapTexts = (
  value: unknown,
  replace: (source: string, path: readonly string[]) => string,
  path: readonly string[] = [],
): unknown => {
  if (typeof value === 'string') return replace(value, path);
  if (Array.isArray(value)) return value.map((item, n) => mapTexts(item, replace, [...path, String(n)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, mapTexts(inner, replace, [...path, name])]),
  );
};
