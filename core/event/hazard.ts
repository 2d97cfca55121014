/** Nesting that an event may have. Deeper values could overflow the stack of whoever walks them by recursion later. */
export const MAX_DEPTH = 20;

export type Hazard = { reason: 'too-deep' | 'not-finite' | 'ill-formed-text' | 'forbidden-key'; path: string };

/**
 * What makes a parsed JSON value dangerous to hand on, whatever its schema: nesting, numbers beyond a double (`1e400`
 * parses to Infinity and would turn into null), halves of surrogate pairs (two different ids would become one key),
 * and the key `__proto__`. Walks with a list of its own, never by recursion.
 */
export const hazardOf = (value: unknown): Hazard | undefined => {
  const open: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 0 }];
  for (let at = open.pop(); at; at = open.pop()) {
    const { path, depth } = at;
    if (typeof at.value === 'string' && !at.value.isWellFormed()) return { reason: 'ill-formed-text', path };
    if (typeof at.value === 'number' && !Number.isFinite(at.value)) return { reason: 'not-finite', path };
    if (typeof at.value !== 'object' || at.value === null) continue;
    if (depth === MAX_DEPTH) return { reason: 'too-deep', path };
    for (const [key, member] of Object.entries(at.value)) {
      const inner = path ? `${path}.${key.slice(0, 64).toWellFormed()}` : key.slice(0, 64).toWellFormed();
      if (key === '__proto__') return { reason: 'forbidden-key', path: inner };
      if (!key.isWellFormed()) return { reason: 'ill-formed-text', path: inner };
      open.push({ value: member, path: inner, depth: depth + 1 });
    }
  }
  return undefined;
};
