import type { AcceptedEvent } from './event.ts';
import { type Condition, DEFAULT_MAX_LATENESS_SECONDS, type Trigger, type TriggerInput } from './trigger.ts';

/** The value at a dotted path below `properties`, or undefined. Only own members count; null counts as missing. */
export const propertyAt = (properties: Record<string, unknown>, path: string): unknown => {
  let at: unknown = properties;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at ?? undefined;
};

const holds = (condition: Condition, properties: Record<string, unknown>): boolean => {
  const value = propertyAt(properties, condition.property);
  if ('exists' in condition) return (value !== undefined) === condition.exists;
  if ('equals' in condition) return value === condition.equals;
  if ('in' in condition) return condition.in.some((wanted) => wanted === value);
  if (typeof value !== 'number') return false;
  return 'atLeast' in condition ? value >= condition.atLeast : value < condition.lessThan;
};

/** True when the event is of the trigger's type and all conditions hold. A value never equals one of another type. */
export const matches = (trigger: Pick<TriggerInput, 'eventType' | 'where'>, event: AcceptedEvent): boolean =>
  event.type === trigger.eventType && (trigger.where ?? []).every((condition) => holds(condition, event.properties));

/** Epoch ms after which the event is too old for this trigger to send anything. */
export const deadlineOf = (trigger: Pick<TriggerInput, 'maxLatenessSeconds'>, event: AcceptedEvent): number =>
  event.timeMs + (trigger.maxLatenessSeconds ?? DEFAULT_MAX_LATENESS_SECONDS) * 1_000;

/** Active triggers by the event type they wait for: an event of a type that nobody waits for costs one look-up. */
export const indexByType = (triggers: readonly Trigger[]): Map<string, Trigger[]> =>
  Map.groupBy(
    triggers.filter((trigger) => trigger.state === 'active' && trigger.hash !== undefined),
    (trigger) => trigger.eventType,
  );
