import type { OutcomeRow } from '../../core/delivery/outcome.ts';
import type { Arrival } from './cloud.ts';
import { judgeLimits } from './judge-limits.ts';
import { judgePeople } from './judge-people.ts';
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
  /** Channels whose provider failed at least once. */
  failed: ReadonlySet<string>;
  /** Errors that nobody has injected. */
  surprises: readonly string[];
};

/** A message as its receiver sees it. `key` names what it answers: a person's place in a run, or an event. */
export type Got = Arrival & { plan: Plan; person: string; key: string };
/** One recipient of one plan: exactly one final outcome is promised. */
export type Wanted = { plan: Plan; person: string; key: string };

const MARK = /\[([^|\]]+)\|([^|\]]+)\|([^|\]]*)\]/;

export const keyOf = ({ version, runId }: Plan, person: string, eventId: string): string =>
  version.planKind === 'campaign' ? `${runId} ${person}` : `t#${version.planId} ${person} ${eventId}`;

export const wantedOf = ({ plans }: World): Wanted[] =>
  plans.flatMap((plan) => [
    ...plan.audience.map((person) => ({ plan, person, key: keyOf(plan, person, '') })),
    ...plan.occasions.map(({ profileId, eventId }) => ({ plan, person: profileId, key: keyOf(plan, profileId, eventId) })),
  ]);

const gotOf = ({ world, arrivals }: End): { got: Got[]; strange: Arrival[] } => {
  const plans = new Map(world.plans.map((plan) => [plan.version.planId, plan]));
  const got: Got[] = [];
  const strange: Arrival[] = [];
  for (const arrival of arrivals) {
    const [, planId = '', person = '', eventId = ''] = MARK.exec(arrival.text) ?? [];
    const plan = plans.get(planId);
    if (plan && isOwn(world, person, arrival)) got.push({ ...arrival, plan, person, key: keyOf(plan, person, eventId) });
    else strange.push(arrival);
  }
  return { got, strange };
};

/** A message about somebody goes to nobody else. The provider may have given a device another token. */
const isOwn = ({ people }: World, id: string, { to }: Arrival): boolean => {
  const { email, phone, pushToken } = people.get(id)?.addresses ?? {};
  return [id, email, phone, pushToken, pushToken?.replace('renew-', 'renewed-')].includes(to);
};

/** Everything that a seed has not kept; the first of a kind comes first. */
export const judge = (end: End): Violation[] => {
  const { got, strange } = gotOf(end);
  const wanted = wantedOf(end.world);
  return [
    ...judgeRest(end),
    ...strange.map(({ channel, to }) => ({ invariant: 'right-person', detail: `${channel} to ${to} is not for them` })),
    ...judgePeople(end, got, wanted),
    ...judgeLimits(end.world, got, end),
  ];
};

/** Nothing is left over: no message, no row, no letter, no open place in a batch, no run that has not ended. */
const judgeRest = ({ waiting, held, ledger, ended, world, surprises }: End): Violation[] => [
  ...surprises.map((detail) => ({ invariant: 'no-surprise', detail })),
  ...[...waiting].map(([queue, count]) => ({
    invariant: queue.endsWith('-dead') ? 'dead-letters-empty' : 'queues-empty',
    detail: `${queue} has ${count}`,
  })),
  ...(held.length > 0 ? [{ invariant: 'held-empty', detail: `${held.length} messages wait for ever` }] : []),
  ...ledger.flatMap(({ run, unit, marks, batches, done }) => {
    const plan = run?.S ?? '';
    if (marks?.S && /[-a]/.test(marks.S)) return [{ invariant: 'ledger-settled', plan, detail: `${unit?.S}: ${marks.S}` }];
    const isOpen = batches?.N !== undefined && Number(batches.N) !== (done?.NS?.length ?? 0);
    return isOpen ? [{ invariant: 'parts-done', plan, detail: `${unit?.S}: ${done?.NS?.length ?? 0} of ${batches?.N}` }] : [];
  }),
  ...world.plans.flatMap(({ version, runId }) => {
    if (version.planKind !== 'campaign') return [];
    const how = ended.get(runId);
    const isFine = how === 'finished' || how === 'cancelled';
    return isFine ? [] : [{ invariant: 'run-ends', plan: version.planId, detail: how ?? 'It never ends' }];
  }),
];
