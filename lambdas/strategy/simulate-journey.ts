import { durationMs } from '../../core/event/duration.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { JourneyFacts } from '../../core/strategy/journey/participant.ts';
import { type Simulated, simulate } from '../../core/strategy/journey/simulate.ts';
import type { SimulationInput } from '../../core/strategy/journey/simulation-input.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions } from '../adapters/definitions.ts';
import { sharesInForce } from '../adapters/journey-experiments.ts';
import { memberships } from '../adapters/memberships.ts';
import { plans } from '../adapters/plans.ts';
import { profiles } from '../adapters/profiles.ts';
import { references } from '../adapters/references.ts';
import { loadJourneyFacts, together } from './journey-facts.ts';

type Tables = Record<'DEFINITIONS_TABLE' | 'PROFILES_TABLE' | 'CONTACTS_TABLE' | 'MEMBERSHIPS_TABLE', string>;

const DAY_MS = 86_400_000;
/** Whose id nobody has. */
const MADE_UP = 'sample';

/** Somebody's walk through a version. Undefined: there is no such person. Reads only. */
export const simulateJourney = async (
  tables: Tables,
  version: JourneyVersion,
  input: SimulationInput,
  nowMs: number,
): Promise<Simulated | undefined> => {
  const startMs = input.startsAt === undefined ? nowMs : Date.parse(input.startsAt);
  const type = 'pattern' in version.entry ? (version.patterns[version.entry.pattern]?.eventType ?? '') : 'entered';
  const enters = { atMs: startMs, type, properties: input.properties ?? {} };
  const facts =
    'profileId' in input ? await known(tables, version, input.profileId, enters) : await madeUp(tables, input);
  if (!facts) return undefined;
  const shares = await sharesInForce(definitions(tables.DEFINITIONS_TABLE))(version, Object.keys(version.nodes));
  const events = (input.events ?? []).map(({ after, type: happens, properties = {} }) => {
    return { atMs: startMs + durationMs(after), type: happens, properties };
  });
  return simulate(version, {
    profileId: 'profileId' in input ? input.profileId : MADE_UP,
    ...{ enters, events, facts: { ...facts, shares }, untilMs: startMs + input.days * DAY_MS },
    ...(input.arms && { arms: input.arms }),
  });
};

/** As they are now, whenever the walk begins. */
const known = async (
  tables: Tables,
  version: JourneyVersion,
  profileId: string,
  enters: { atMs: number; type: string; properties: Record<string, unknown> },
): Promise<JourneyFacts | undefined> => {
  const people = profiles(tables.PROFILES_TABLE);
  if (!(await people.get(profileId))) return undefined;
  const { atMs, type, properties } = enters;
  const event = { id: 'simulated', source: 'simulation', type, timeMs: atMs, receivedMs: atMs, properties };
  const { settings, holdout } = plans(tables.DEFINITIONS_TABLE);
  const [facts] = await loadJourneyFacts(
    {
      profiles: people,
      contacts: contacts(tables.CONTACTS_TABLE),
      references: references(tables.DEFINITIONS_TABLE),
      memberships: memberships(tables.MEMBERSHIPS_TABLE),
      settings: async () => {
        const [{ fallbackTimeZone }, globalHoldout] = await Promise.all([settings(), holdout()]);
        return { ...(fallbackTimeZone && { fallbackTimeZone }), globalHoldout };
      },
      // Those of all nodes are added for whoever walks.
      shares: async () => ({}),
    },
    [{ profileId, event, version, needs: together(Object.values(version.needs)) }],
  );
  return facts;
};

const madeUp = async (
  { DEFINITIONS_TABLE }: Tables,
  { profile, segments, lists }: Extract<SimulationInput, { profile: object }>,
): Promise<JourneyFacts> => {
  const { fallbackTimeZone } = await plans(DEFINITIONS_TABLE).settings();
  return {
    profile: profile as NonNullable<JourneyFacts['profile']>,
    ...{ segments: new Set(segments), lists: new Set(lists) },
    ...(fallbackTimeZone && { fallbackTimeZone }),
  };
};
