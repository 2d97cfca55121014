import type { EventRow } from '../../../core/event/event.ts';
import type { IdentityRow } from '../../../core/event/identity.ts';
import type { Repurchase, RepurchaseQuestion } from '../../../core/measurement/repurchase.ts';

/** The repurchase report in plain code. */
export const repurchaseTwin = (
  rows: readonly EventRow[],
  { fromMs, toMs, eventType, withinDays }: RepurchaseQuestion,
  links: readonly IdentityRow[] = [],
): Repurchase => {
  const owners = new Map<string, string>();
  for (const { alias, profile_id } of links.toSorted((a, b) => a.at_ms - b.at_ms)) {
    if (!owners.has(`anonymous:${alias}`)) owners.set(`anonymous:${alias}`, profile_id);
  }
  const firstCopies = new Map<string, EventRow>();
  for (const row of rows.toSorted((a, b) => a.received_ms - b.received_ms)) {
    const key = JSON.stringify([row.source, row.id]);
    if (row.type === eventType && !firstCopies.has(key)) firstCopies.set(key, row);
  }
  const inside = [...firstCopies.values()].filter((row) => row.time_ms >= fromMs && row.time_ms < toMs);
  const histories = [...Map.groupBy(inside, (row) => owners.get(row.profile_id) ?? row.profile_id).values()].map(
    (some) => some.map((row) => row.time_ms).toSorted((a, b) => a - b),
  );
  const buyers = histories.length;
  const repeatBuyers = histories.filter((times) => times.length >= 2).length;
  const repeatedWithin = histories.filter(
    ([first = 0, ...later]) => later.filter((time) => time - first <= withinDays * 86_400_000).length > 0,
  ).length;
  return {
    buyers,
    purchases: inside.length,
    repeatBuyers,
    repeatedWithin,
    ...(buyers > 0 && {
      repeatRate: Number((repeatBuyers / buyers).toFixed(6)),
      rateWithin: Number((repeatedWithin / buyers).toFixed(6)),
    }),
  };
};
