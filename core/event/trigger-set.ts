import { CHANNELS, LANES } from '../delivery/channel.ts';
import { channelsOf } from '../delivery/policy.ts';
import type { Facts } from './evaluate.ts';
import type { Needs } from './facts.ts';
import { NO_NEEDS, needsNothing, withNeeds } from './matcher/needs.ts';
import { buildSnapshot, loadMatcher } from './matcher.ts';
import { plainMatch, type Rule } from './plain-matcher.ts';
import { assertSoundRule } from './sound-rule.ts';
import { patternsOf, type Trigger } from './trigger.ts';
import type { TriggerFault } from './trigger-fault.ts';
import { readTriggers, writeTriggers } from './trigger-snapshot.ts';

/** What matching needs of a trigger that is in force. */
export type ActiveTrigger = Pick<
  Trigger,
  | 'id'
  | 'version'
  | 'name'
  | 'eventType'
  | 'where'
  | 'window'
  | 'channelPolicy'
  | 'lane'
  | 'deadline'
  | 'maxLatenessSeconds'
> & { hash: string };

/** A trigger that an event matches, and as which of its patterns (see patternsOf). */
export type Match = { trigger: ActiveTrigger; role: number };

/** After so many changes the snapshot is worth being read again: there should be a newer one. */
export const MANY_CHANGES = 64;

/** The triggers in force, ready to be matched, and what has changed since they were compiled. */
export type TriggerSet = {
  /** Epoch ms from which on changes may not be in the snapshot. 0: there is none. */
  asOfMs: number;
  /** `faults`: triggers that failed on this event. */
  match(facts: Facts): { matches: Match[]; faults: TriggerFault[] };
  /** Whether some trigger listens to events of this type. */
  wants(eventType: string): boolean;
  /** What to read before this event can be matched; undefined when the event is enough. */
  needs(event: Facts['event']): Needs | undefined;
  get(id: string): ActiveTrigger | undefined;
  /** The newest version of a trigger that the set has seen, in force or not; 0: none. */
  versionOf(id: string): number;
  /** Takes in triggers as they now are, in whatever state; older versions than the set has change nothing. */
  apply(changed: readonly Trigger[]): TriggerFault[];
  /** How many changes since the snapshot concern a trigger that was in force, or is. */
  changes(): number;
};

/** The bytes of a set of the triggers among these that are in force, as they were at `asOfMs`; the broken ones are left out. */
export const buildTriggerSet = (triggers: readonly Trigger[], asOfMs: number) => {
  const judged = triggers.flatMap((trigger) => (isInForce(trigger) ? [judge(trigger)] : []));
  const sound = judged.flatMap((one) => ('trigger' in one ? [one] : []));
  const matcher = buildSnapshot(sound.flatMap(({ rules }) => rules));
  const bytes = writeTriggers({ asOfMs, matcher, triggers: sound.map(({ trigger }) => trigger) });
  return { bytes, count: sound.length, faults: judged.flatMap((one) => ('fault' in one ? [one.fault] : [])) };
};

const isInForce = (trigger: Trigger): trigger is Trigger & { hash: string } =>
  trigger.state === 'active' && trigger.hash !== undefined;

/** Throws nothing: what the table holds may have been written by another release. */
const judge = (
  full: Trigger & { hash: string },
): { trigger: ActiveTrigger; rules: Rule[] } | { fault: TriggerFault } => {
  const { id, version, name, hash, eventType, where, window, channelPolicy, lane, deadline, maxLatenessSeconds } = full;
  const trigger = {
    id,
    version,
    name,
    hash,
    eventType,
    where,
    window,
    channelPolicy,
    lane,
    deadline,
    maxLatenessSeconds,
  };
  try {
    return { trigger, rules: rulesOf(trigger) };
  } catch (error) {
    return { fault: faultOf(trigger, error) };
  }
};

const faultOf = ({ id, name }: Pick<ActiveTrigger, 'id' | 'name'>, error: unknown): TriggerFault => ({
  triggerId: id,
  name,
  error: String(error),
});

/** One rule for each pattern. Throws for what this release cannot carry out. */
export const rulesOf = (
  trigger: Pick<ActiveTrigger, 'id' | 'eventType' | 'where' | 'window' | 'channelPolicy' | 'lane'>,
): Rule[] => {
  if (!trigger.channelPolicy?.[0]) throw new Error('It has no channel');
  const strange = channelsOf(trigger.channelPolicy).filter((channel) => !CHANNELS.includes(channel));
  if (strange.length > 0) throw new Error(`This release has no channel ${strange.join(', ')}`);
  if (!LANES.includes(trigger.lane)) throw new Error(`This release has no lane ${trigger.lane}`);
  const rules = patternRules(trigger);
  for (const rule of rules) assertSoundRule(rule);
  return rules;
};

const patternRules = (trigger: Pick<ActiveTrigger, 'id' | 'eventType' | 'where' | 'window'>): Rule[] =>
  patternsOf(trigger).map(({ eventType, where = [] }, role) => ({ id: ruleId(trigger.id, role), eventType, where }));

const ROLES = [0, 1];
const ruleId = (id: string, role: number): string => `${id}/${role}`;

/** Opens what `buildTriggerSet` made, or an empty set. Throws UnknownSnapshot. */
export const openTriggerSet = (bytes?: Uint8Array): TriggerSet => {
  const stored = readTriggers(bytes ?? writeTriggers({ asOfMs: 0, matcher: buildSnapshot([]), triggers: [] }));
  const base = loadMatcher(stored.matcher);
  /** Triggers that changed, as they now are; `trigger` is absent of those that are not in force. */
  const changed = new Map<string, { version: number; trigger?: ActiveTrigger; rules: Rule[] }>();
  let overlay = loadMatcher(buildSnapshot([]));
  let relevant = 0;

  const get = (id: string) => (changed.has(id) ? changed.get(id)?.trigger : stored.get(id));
  const versionOf = (id: string) => changed.get(id)?.version ?? stored.versionOf(id);
  const matched = (ids: readonly string[]): Match[] =>
    ids.flatMap((id) => {
      const at = id.lastIndexOf('/');
      const trigger = get(id.slice(0, at));
      return trigger ? [{ trigger, role: Number(id.slice(at + 1)) }] : [];
    });

  const strike = (id: string): void => {
    for (const role of ROLES) {
      base.remove(ruleId(id, role));
      overlay.remove(ruleId(id, role));
    }
  };
  /** Each trigger by itself, to find those that make the matcher fail: they are struck off, and named once. */
  const matchOneByOne = (facts: Facts, cause: unknown) => {
    const faults: TriggerFault[] = [];
    const matches = [...new Set([...stored.ids(), ...changed.keys()])].flatMap((id): Match[] => {
      const trigger = get(id);
      if (!trigger) return [];
      try {
        return matched(plainMatch(patternRules(trigger), facts));
      } catch (error) {
        faults.push(faultOf(trigger, error));
        strike(id);
        return [];
      }
    });
    if (faults.length === 0) faults.push(faultOf({ id: 'none', name: 'The matcher itself' }, cause));
    return { matches, faults };
  };

  const put = (trigger: Trigger): TriggerFault | undefined => {
    const { id, version } = trigger;
    const judged = isInForce(trigger) ? judge(trigger) : undefined;
    const sound = judged && 'trigger' in judged ? judged : undefined;
    if (sound || get(id)) relevant += 1;
    strike(id);
    changed.set(id, { version, ...(sound && { trigger: sound.trigger }), rules: sound?.rules ?? [] });
    return judged && 'fault' in judged ? judged.fault : undefined;
  };

  return {
    asOfMs: stored.asOfMs,
    match: (facts) => {
      try {
        return { matches: matched([...base.match(facts), ...overlay.match(facts)]), faults: [] };
      } catch (error) {
        return matchOneByOne(facts, error);
      }
    },
    wants: (eventType) => base.wants(eventType) || overlay.wants(eventType),
    needs: (event) => {
      const needs = withNeeds(base.needs(event) ?? NO_NEEDS, overlay.needs(event) ?? NO_NEEDS);
      return needsNothing(needs) ? undefined : needs;
    },
    get,
    versionOf,
    apply: (triggers) => {
      const newer = triggers.filter(({ id, version }) => version > versionOf(id));
      const faults = newer.flatMap((trigger) => put(trigger) ?? []);
      // Many at once are compiled together: one by one each would be built in again and again.
      if (newer.length > MANY_CHANGES) {
        overlay = loadMatcher(buildSnapshot([...changed.values()].flatMap(({ rules }) => rules)));
      } else for (const { id } of newer) for (const rule of changed.get(id)?.rules ?? []) overlay.add(rule);
      return faults;
    },
    changes: () => relevant,
  };
};
