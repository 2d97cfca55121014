import type { VersionNodeOf } from './journey-version.ts';
import type { JourneyFacts } from './participant.ts';

/** What is known of somebody after an update node: what the rest of the walk sees, before it is stored. */
export const withAttributes = (facts: JourneyFacts, set: VersionNodeOf<'update'>['set']): JourneyFacts => {
  const before = facts.profile?.attributes ?? {};
  const attributes = Object.fromEntries(
    Object.entries({ ...before, ...set }).filter((one): one is [string, (typeof before)[string]] => one[1] !== null),
  );
  return { ...facts, profile: { ...facts.profile, attributes } };
};
