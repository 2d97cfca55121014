import type { OutcomeRow } from '../../core/delivery/outcome.ts';
import type { Arrival } from './cloud.ts';
import type { Item } from './tables.ts';
import type { Plan, World } from './world.ts';

/** What is promised and was not kept: by name, with where to look. */
export type Violation = { invariant: string; plan?: string; person?: string; detail: string };

/** What is left of a seed when all is quiet. */
export type End = {
  world: World;
  arrivals: readonly Arrival[];
  outcomes: readonly OutcomeRow[];
  ledger: readonly Item[];
  contacts: ReadonlyMap<string, Item>;
  held: readonly Item[];
  waiting: ReadonlyMap<string, number>;
  /** How each run ended. */
  ended: ReadonlyMap<string, string>;
  /** When plans were stopped. */
  stops: ReadonlyMap<string, number>;
  /** From when until when plans were paused, by id. */
  pauses: ReadonlyMap<string, readonly { fromMs: number; toMs: number }[]>;
  /** Channels whose provider failed at least once. */
  failed: ReadonlySet<string>;
  /** Errors that nobody has injected. */
  surprises: readonly string[];
};

/** A message as its receiver sees it. `key` names what it answers: a person's place in a run, or an event. */
export type Got = Arrival & { plan: Plan; person: string; key: string };
/** One recipient of one plan: exactly one final outcome is promised. */
export type Wanted = { plan: Plan; person: string; key: string };

/** Names a recipient of a plan, as messages and outcomes tell it. */
export const keyOf = ({ version, runId }: Plan, person: string, eventId: string): string =>
  version.planKind === 'campaign' ? `${runId} ${person}` : `t#${version.planId} ${person} ${eventId}`;
