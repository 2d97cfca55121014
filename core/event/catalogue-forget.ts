import type { EventTypeEntry } from './catalogue.ts';
import { markOf } from './catalogue-example.ts';
import type { Seen, SeenMembers } from './catalogue-tree.ts';

/**
 * The entry without the texts that nobody but these people has sent; undefined when there are none. Texts that three have sent
 * are no longer anybody's (see catalogue-example.ts). A mark that somebody else shares goes too, which only keeps a text back
 * for longer.
 */
export const forgetIn = (entry: EventTypeEntry, ids: readonly string[]): EventTypeEntry | undefined => {
  let found = false;
  const inSeen = ({ candidates, members, items, ...seen }: Seen): Seen => {
    const left = candidates?.flatMap(([text, marks]): [string, number[]][] => {
      const own = new Set(ids.map((id) => markOf(text, id)));
      const others = marks.filter((mark) => !own.has(mark));
      found ||= others.length < marks.length;
      return others.length > 0 ? [[text, others]] : [];
    });
    return {
      ...seen,
      ...(left && left.length > 0 && { candidates: left }),
      ...(members && { members: inMembers(members) }),
      ...(items && { items: inSeen(items) }),
    };
  };
  const inMembers = (members: SeenMembers): SeenMembers =>
    Object.fromEntries(Object.entries(members).map(([name, seen]) => [name, inSeen(seen)]));
  const properties = inMembers(entry.properties);
  return found ? { ...entry, properties } : undefined;
};
