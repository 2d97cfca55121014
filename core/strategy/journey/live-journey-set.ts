import type { Facts } from '../../event/evaluate.ts';
import type { Needs } from '../../event/facts.ts';
import { buildSnapshot, loadMatcher } from '../../event/matcher.ts';
import { plainMatch, type Rule } from '../../event/plain-matcher.ts';
import { assertSoundRule } from '../../event/sound-rule.ts';
import type { EventPattern } from '../../event/trigger.ts';
import type { LiveJourney } from './live-journey.ts';

/** A journey that an event is for: whether its person may enter by it, and which of the awaited patterns it has. */
export type Heard = { live: LiveJourney; enters: boolean; patterns: string[] };
export type JourneyFault = { journeyId: string; name: string; error: string };

/** What journeys that are live or paused listen to, ready to be matched. */
export type LiveJourneySet = {
  wants(eventType: string): boolean;
  /** What to read before this event can be matched; undefined when the event is enough. */
  needs(event: Facts['event']): Needs | undefined;
  hear(facts: Facts): { heard: Heard[]; faults: JourneyFault[] };
  /** The newest version of a journey that the set has seen; 0: none. */
  versionOf(id: string): number;
  /** Takes in journeys as they now are; those that this release cannot carry out are left out and named. */
  apply(changed: readonly LiveJourney[]): JourneyFault[];
};

const ENTRY = 'entry';
const ruleOf = (journeyId: string, name: string, { eventType, where = [] }: EventPattern): Rule => ({
  ...{ id: `${journeyId}/${name}`, eventType, where },
});

/** Nobody enters a journey that is paused; what those inside wait for, their goals and exits still count. */
const rulesOf = ({ id, state, entry, patterns }: LiveJourney): Rule[] =>
  state === 'stopped'
    ? []
    : [
        ...(entry && state === 'live' ? [ruleOf(id, ENTRY, entry)] : []),
        ...Object.entries(patterns).map(([name, pattern]) => ruleOf(id, `#${name}`, pattern)),
      ];

const faultOf = ({ id, name }: LiveJourney, error: unknown): JourneyFault => ({
  ...{ journeyId: id, name, error: String(error) },
});

export const liveJourneySet = (): LiveJourneySet => {
  const versions = new Map<string, number>();
  const inForce = new Map<string, { live: LiveJourney; rules: Rule[] }>();
  let matcher = loadMatcher(buildSnapshot([]));
  const compile = () => {
    matcher = loadMatcher(buildSnapshot([...inForce.values()].flatMap(({ rules }) => rules)));
  };

  const heardIn = (ids: readonly string[]): Heard[] => {
    const byJourney = Map.groupBy(ids, (id) => id.slice(0, id.indexOf('/')));
    return [...byJourney].flatMap(([id, own]) => {
      const live = inForce.get(id)?.live;
      const names = own.map((rule) => rule.slice(id.length + 1));
      const patterns = names.filter((name) => name !== ENTRY).map((name) => name.slice(1));
      return live ? [{ live, enters: names.includes(ENTRY), patterns }] : [];
    });
  };

  /** Each journey by itself, to find those that make the matcher fail: they are left out, and named once. */
  const hearOneByOne = (facts: Facts) => {
    const faults: JourneyFault[] = [];
    const heard = [...inForce.values()].flatMap(({ live, rules }) => {
      try {
        return heardIn(plainMatch(rules, facts));
      } catch (error) {
        faults.push(faultOf(live, error));
        inForce.delete(live.id);
        return [];
      }
    });
    compile();
    return { heard, faults };
  };

  return {
    wants: (type) => matcher.wants(type),
    needs: (event) => matcher.needs(event),
    hear: (facts) => {
      try {
        return { heard: heardIn(matcher.match(facts)), faults: [] };
      } catch {
        return hearOneByOne(facts);
      }
    },
    versionOf: (id) => versions.get(id) ?? 0,
    apply: (changed) => {
      const newer = changed.filter(({ id, version }) => version > (versions.get(id) ?? 0));
      const faults: JourneyFault[] = [];
      for (const live of newer) {
        versions.set(live.id, live.version);
        inForce.delete(live.id);
        try {
          const rules = rulesOf(live);
          for (const rule of rules) assertSoundRule(rule);
          if (rules.length > 0) inForce.set(live.id, { live, rules });
        } catch (error) {
          faults.push(faultOf(live, error));
        }
      }
      if (newer.length > 0) compile();
      return faults;
    },
  };
};
