import { touchKey } from '../../core/delivery/touch.ts';
import { type End, type Got, keyOf, type Violation } from './end.ts';
import { finalsOf } from './judge-people.ts';
import type { Item } from './tables.ts';
import type { Plan } from './world.ts';

const REGISTERS = Array.from({ length: 10 }, (_, n) => `t${n}`);
const touchesIn = (item: Item | undefined): string[] =>
  [...REGISTERS.map((name) => item?.[name]?.S ?? ''), ...(item?.older?.S?.split(' ') ?? [])].flatMap(
    (text) => text.split('#')[1] ?? [],
  );

/** Whoever got nothing of a message holds no touch of it; who got it does, as long as it is among the newest ones. */
export const judgeTouches = (end: End, got: readonly Got[]): Violation[] => {
  const { contacts, world } = end;
  const { finals } = finalsOf(end);
  const names = new Map<string, { plan: Plan; key: string }>();
  for (const plan of world.plans) {
    const { planId, lane } = plan.version;
    if (lane === 'transactional') continue;
    for (const person of plan.audience)
      names.set(`${touchKey(plan.runId)} ${person}`, { plan, key: keyOf(plan, person, '') });
    for (const { eventId, profileId } of plan.occasions) {
      const touch = touchKey(`t#${planId}#shop#${eventId}#${profileId}`);
      names.set(`${touch} ${profileId}`, { plan, key: keyOf(plan, profileId, eventId) });
    }
  }
  const arrived = new Set(got.map(({ key }) => key));
  return [...world.people.keys()].flatMap((person): Violation[] => {
    const touches = touchesIn(contacts.get(person));
    const leaked = touches.flatMap((touch): Violation[] => {
      const named = names.get(`${touch} ${person}`);
      if (!named) return [{ invariant: 'no-touch-leaks', person, detail: `${touch} is of no message` }];
      const reason = finals.get(named.key)?.[0]?.reason;
      if (arrived.has(named.key) || reason === 'unknown-after-crash') return [];
      return [
        { invariant: 'no-touch-leaks', plan: named.plan.version.planId, person, detail: `A touch, but ${reason}` },
      ];
    });
    const held = new Set(touches);
    const missing = [...names].flatMap(([name, { plan, key }]): Violation[] => {
      const [touch = '', whose] = name.split(' ');
      if (whose !== person || !arrived.has(key) || held.has(touch) || touches.length >= REGISTERS.length) return [];
      return [
        { invariant: 'touch-kept', plan: plan.version.planId, person, detail: 'Got the message, and holds no touch' },
      ];
    });
    return [...leaked, ...missing];
  });
};
