import type { Arrival } from './cloud.ts';
import { type End, type Got, keyOf, type Violation, type Wanted } from './end.ts';
import { judgeLimits } from './judge-limits.ts';
import { judgePeople } from './judge-people.ts';
import { judgeTouches } from './judge-touches.ts';
import type { Without } from './tables.ts';
import type { World } from './world.ts';

const MARK = /\[([^|\]]+)\|([^|\]]+)\|([^|\]]*)\]/;

const wantedOf = ({ plans }: World): Wanted[] =>
  plans.flatMap((plan) => [
    ...plan.audience.map((person) => ({ plan, person, key: keyOf(plan, person, '') })),
    ...plan.occasions.map(({ profileId, eventId }) => ({
      plan,
      person: profileId,
      key: keyOf(plan, profileId, eventId),
    })),
  ]);

const gotOf = ({ world, arrivals }: End): { got: Got[]; strange: Arrival[] } => {
  const plans = new Map(world.plans.map((plan) => [plan.version.planId, plan]));
  const got: Got[] = [];
  const strange: Arrival[] = [];
  for (const arrival of arrivals) {
    const [, planId = '', person = '', eventId = ''] = MARK.exec(arrival.text) ?? [];
    const plan = plans.get(planId);
    if (plan && isOwn(world, person, arrival))
      got.push({ ...arrival, plan, person, key: keyOf(plan, person, eventId) });
    else strange.push(arrival);
  }
  return { got, strange };
};

/** A message about somebody goes to nobody else. The provider may have given a device another token. */
const isOwn = ({ people }: World, id: string, { to }: Arrival): boolean => {
  const { email, phone, pushToken } = people.get(id)?.addresses ?? {};
  return [id, email, phone, pushToken, pushToken?.replace('renew-', 'renewed-')].includes(to);
};

/**
 * Everything that a seed has not kept. A simulation that takes touches away is not asked for them: that would be found without
 * looking at what anybody got.
 */
export const judge = (end: End, without?: Without): Violation[] => {
  const { got, strange } = gotOf(end);
  const wanted = wantedOf(end.world);
  return [
    ...judgeRest(end),
    ...strange.map(({ channel, to }) => ({ invariant: 'right-person', detail: `${channel} to ${to} is not for them` })),
    ...judgeLimits(end.world, got),
    ...judgePeople(end, got, wanted),
    ...(without === 'cap' ? [] : judgeTouches(end, got)),
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
    if (marks?.S && /[-a]/.test(marks.S))
      return [{ invariant: 'ledger-settled', plan, detail: `${unit?.S}: ${marks.S}` }];
    const isOpen = batches?.N !== undefined && Number(batches.N) !== (done?.NS?.length ?? 0);
    return isOpen
      ? [{ invariant: 'parts-done', plan, detail: `${unit?.S}: ${done?.NS?.length ?? 0} of ${batches?.N}` }]
      : [];
  }),
  ...world.plans.flatMap(({ version, runId }) => {
    if (version.planKind !== 'campaign') return [];
    const how = ended.get(runId);
    const isFine = how === 'finished' || how === 'cancelled';
    return isFine ? [] : [{ invariant: 'run-ends', plan: version.planId, detail: how ?? 'It never ends' }];
  }),
];
