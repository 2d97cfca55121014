import type { Role } from '../../access/role.ts';

/** Who has to say yes before the next level is asked. Whoever is named, or has one of the roles, may decide; an admin has every role. */
export type Level = {
  name: string;
  roles?: Role[] | undefined;
  /** Claims `sub`. */
  people?: string[] | undefined;
  /** So many different people say yes; one says no. */
  quorum: number;
  /** Who says yes here may say so at other levels, too, be they asked before or after it. */
  mayRepeat?: true | undefined;
  /** Only of an audience of more people, whose size is not known yet: it is asked unless that turns out to be smaller. */
  ifLargerThan?: number | undefined;
};

/** One second person who may approve. */
export const DEFAULT_LEVELS: Level[] = [{ name: 'Approval', roles: ['approver'], quorum: 1 }];

export const mayDecideAt = ({ people = [], roles = [] }: Level, person: string, has: readonly Role[]): boolean =>
  people.includes(person) || roles.some((role) => has.includes(role)) || (roles.length > 0 && has.includes('admin'));

/** In words, for whoever may not. */
export const whoDecidesAt = ({ people = [], roles = [] }: Level): string =>
  [
    ...roles.map((role) => `the role ${role}`),
    ...(people.length > 0 ? ['the people that the settings name'] : []),
  ].join(' or ');

/**
 * The first level for which there cannot be enough different people, whoever has the roles; undefined: there may be. Who has a
 * role is not known, so such a level is taken to be possible. `excluded` may not decide at all. One person serves one level, unless the
 * level lets them repeat: a matching of seats and people, each seat finding a person by making others move (Kuhn).
 */
export const impossibleLevel = (levels: readonly Level[], excluded: ReadonlySet<string>): Level | undefined => {
  const seatOf = new Map<string, Level>();
  const seat = (level: Level, tried: Set<string>): boolean =>
    (level.people ?? []).some((person) => {
      if (excluded.has(person) || tried.has(person)) return false;
      tried.add(person);
      const taken = seatOf.get(person);
      if (taken && (taken === level || !seat(taken, tried))) return false;
      seatOf.set(person, level);
      return true;
    });
  return levels.find((level) => {
    if ((level.roles ?? []).length > 0) return false;
    const people = new Set((level.people ?? []).filter((person) => !excluded.has(person)));
    if (level.mayRepeat) return people.size < level.quorum;
    return !Array.from({ length: level.quorum }).every(() => seat(level, new Set()));
  });
};
