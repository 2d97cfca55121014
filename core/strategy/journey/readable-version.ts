import type { PlanVersion } from '../plan-version.ts';
import type { JourneyVersion } from './journey-version.ts';

/**
 * A version as people compare it with another: without what is only for those who carry it out, with each pattern where it is listened
 * to, and with the content of each message at its node. `plans` by their hash.
 */
export const readableVersion = (
  version: JourneyVersion,
  plans: Readonly<Record<string, PlanVersion>>,
): Record<string, unknown> => {
  const {
    journeyId: _id,
    hash: _hash,
    needs: _needs,
    early: _early,
    properties: _read,
    patterns,
    ...content
  } = version;
  const shown = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shown);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => {
        if (name === 'pattern' && typeof member === 'string') return [name, patterns[member] ?? member];
        if (name === 'plan' && typeof member === 'string')
          return [name, plans[member] ? messageOf(plans[member]) : member];
        return [name, shown(member)];
      }),
    );
  };
  return shown(content) as Record<string, unknown>;
};

const messageOf = ({ planKind: _kind, planId: _id, node: _node, hash: _hash, ...content }: PlanVersion) => content;
