import {
  listOfMembership,
  membershipOfList,
  membershipOfSegment,
  segmentOfMembership,
} from '../../core/audience/membership.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import { withNeeds } from '../../core/event/matcher/needs.ts';
import type { JourneyNeeds, JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type {
  EntryEvent,
  JourneyFacts,
  JourneyMoment,
  Participant,
  Stimulus,
} from '../../core/strategy/journey/participant.ts';
import type { Memberships } from '../adapters/memberships.ts';
import { type FactSources, loadFacts } from '../intake/load-facts.ts';

export type JourneyFactSources = FactSources & {
  memberships: Pick<Memberships, 'amongst'>;
  settings(): Promise<Pick<JourneyFacts, 'fallbackTimeZone' | 'globalHoldout'>>;
  /** Of the experiments of a version, by node. Absent: as the version has them. */
  shares(version: JourneyVersion, nodes: readonly string[]): Promise<NonNullable<JourneyFacts['shares']>>;
};

export type Asked = { profileId: string; event: EntryEvent; needs: JourneyNeeds; version: JourneyVersion };

const NONE: JourneyNeeds = { profile: false, contact: false, references: [], segments: [], lists: [], experiments: [] };
/** All of these needs. */
export const together = (all: readonly (JourneyNeeds | undefined)[]): JourneyNeeds =>
  all.reduce<JourneyNeeds>(
    (sum, one = NONE) => ({
      ...withNeeds(sum, one),
      segments: [...new Set([...sum.segments, ...one.segments])],
      lists: [...new Set([...sum.lists, ...one.lists])],
      experiments: [...new Set([...sum.experiments, ...one.experiments])],
    }),
    NONE,
  );

/**
 * What must be known before somebody meets these stimuli: to go on from where they rest, and to enter. Whoever may move to another
 * version may come to any of its nodes.
 */
export const askedOf = (
  participant: Participant | undefined,
  { profileId, current, own = current, inside }: JourneyMoment,
  stimuli: readonly Stimulus[],
): Asked | undefined => {
  const isInside = participant?.state === 'inside';
  const enters = stimuli.find((one) => one.kind === 'enter');
  const moves = isInside && own !== current && inside === 'move';
  const needs = together([
    ...(isInside ? [own.needs[participant.node]] : []),
    ...(moves ? Object.values(current.needs) : []),
    ...(enters ? [current.needs[current.start]] : []),
  ]);
  const event = (isInside ? participant.event : undefined) ?? enters?.event ?? participant?.event;
  return event && { profileId, event, needs, version: isInside && !moves ? own : current };
};

/** What is known of each of them, in their order. Throws when it cannot be read. */
export const loadJourneyFacts = async (
  sources: JourneyFactSources,
  asked: readonly (Asked | undefined)[],
): Promise<JourneyFacts[]> => {
  const wanted = asked.filter((one) => one !== undefined);
  const names = ({ needs: { segments, lists } }: Asked) => [
    ...segments.map(membershipOfSegment),
    ...lists.map(membershipOfList),
  ];
  const members = wanted.filter((one) => names(one).length > 0);
  const [settings, facts, amongst] = await Promise.all([
    sources.settings(),
    loadFacts(
      sources,
      wanted.map(({ profileId, event, needs }) => ({ event: { ...event, profileId } satisfies AcceptedEvent, needs })),
    ),
    members.length > 0
      ? sources.memberships.amongst(members.map((one) => ({ profileId: one.profileId, memberships: names(one) })))
      : new Map<string, Set<string>>(),
  ]);
  const next = facts.values();
  return Promise.all(
    asked.map(async (one): Promise<JourneyFacts> => {
      if (!one) return settings;
      const { event: _event, ...known } = next.next().value ?? { event: undefined };
      const own = [...(amongst.get(one.profileId) ?? [])];
      const { experiments } = one.needs;
      return {
        ...settings,
        ...known,
        segments: new Set(own.flatMap((name) => segmentOfMembership(name) ?? [])),
        lists: new Set(own.flatMap((name) => listOfMembership(name) ?? [])),
        ...(experiments.length > 0 && { shares: await sources.shares(one.version, experiments) }),
      };
    }),
  );
};
