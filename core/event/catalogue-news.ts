import type { Scalar } from '../audience/question.ts';
import { exampleNews, isExample, MAX_EXAMPLES } from './catalogue-example.ts';
import {
  kindOf,
  MAX_DEPTH,
  MAX_ITEMS,
  MAX_PATHS,
  NAME,
  placesOf,
  type Seen,
  type SeenMembers,
  type ValueKind,
} from './catalogue-tree.ts';

/**
 * Whether learning from properties would show more: another place, kind, or an example where some are missing. It is asked
 * of every event, so what was seen is first brought into a form that answers in less time than the event takes to be parsed.
 * `truncated`: it is known already that something is left out, so what has no room is no news.
 */
export const newsIn = (
  members: SeenMembers,
  truncated: boolean,
): ((properties: Record<string, unknown>, profileId: string) => boolean) => {
  const last = placesOf(members)[MAX_PATHS - 1];
  // A full tree takes what comes before its last place. Of paths of one length the first come stay: where ids are names,
  // it would else never come to rest.
  const hasRoom = (length: number, level: number): boolean =>
    !last || level < last.level || (level === last.level && length < last.path.length);

  const inObject = (
    { path, level, depth, members: known }: Probe,
    object: Record<string, unknown>,
    profileId: string,
  ): boolean => {
    for (const name in object) {
      const value = object[name];
      if (value === null || value === undefined) continue;
      const probe = known.get(name);
      if (probe) {
        if (inValue(probe, value, profileId)) return true;
        continue;
      }
      const length = path.length + (path === '' ? 0 : 1) + name.length;
      const fits = depth < MAX_DEPTH && NAME.test(name) && hasRoom(length, level + 1);
      if (fits || !truncated) return true;
    }
    return false;
  };

  const inValue = (probe: Probe, value: unknown, profileId: string): boolean => {
    if (typeof value === 'string') {
      if (!probe.anyText && !probe.kinds.includes(kindOf(value) as ValueKind)) return true;
    } else if (!probe.kinds.includes(kindOf(value) as ValueKind)) return true;
    if (typeof value !== 'object') {
      return probe.wants?.(value as Scalar, profileId) === true && isExample(value);
    }
    return Array.isArray(value)
      ? inList(probe, value, profileId)
      : inObject(probe, value as Record<string, unknown>, profileId);
  };

  const inList = ({ path, level, items }: Probe, list: readonly unknown[], profileId: string): boolean =>
    list.slice(0, MAX_ITEMS).some((item) => {
      if (item === null) return false;
      if (Array.isArray(item)) return !truncated;
      return items ? inValue(items, item, profileId) : hasRoom(path.length + 2, level + 1) || !truncated;
    });

  const top: Seen = { kinds: ['object'], examples: [], members };
  const whole = probeOf(top, '', 0, 0);
  return (properties, profileId) => inObject(whole, properties, profileId);
};

type Probe = {
  path: string;
  /** Steps below the top, names and lists, and names alone. */
  level: number;
  depth: number;
  kinds: readonly ValueKind[];
  /** Both kinds of text were seen: no need to tell which one a text is, the dearest step. */
  anyText: boolean;
  /** Whether a value would be another example. Absent: no more are wanted. */
  wants: ReturnType<typeof exampleNews> | undefined;
  members: Map<string, Probe>;
  items: Probe | undefined;
};

const probeOf = (
  { kinds, personal, members = {}, items, ...examples }: Seen,
  path: string,
  level: number,
  depth: number,
): Probe => ({
  path,
  level,
  depth,
  kinds,
  anyText: kinds.includes('text') && kinds.includes('date'),
  wants: personal || examples.examples.length === MAX_EXAMPLES ? undefined : exampleNews(examples),
  members: new Map(
    Object.entries(members).map(([name, seen]) => [
      name,
      probeOf(seen, path === '' ? name : `${path}.${name}`, level + 1, depth + 1),
    ]),
  ),
  items: items && probeOf(items, `${path}[]`, level + 1, depth),
});
