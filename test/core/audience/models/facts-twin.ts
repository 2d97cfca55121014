import { type CutOff, type Facts, SPAN_DAYS } from '../../../../core/audience/models/facts.ts';
import type { EventRow } from '../../../../core/event/event.ts';
import type { IdentityRow } from '../../../../core/event/identity.ts';

const DAY_MS = 86_400_000;
export type BareFacts = Omit<Facts, 'was' | 'seed' | 'traits'>;

/** The facts of everybody who bought before a cut-off, in plain code: first copies only, people linked, amounts exact. */
export const factsTwin = (
  rows: readonly EventRow[],
  { event, amount, cutOffs }: { event: string; amount?: string; cutOffs: readonly CutOff[] },
  people: ReadonlySet<string>,
  links: readonly IdentityRow[] = [],
): BareFacts[] => {
  const owners = new Map<string, string>();
  for (const { alias, profile_id } of links.toSorted((a, b) => a.at_ms - b.at_ms)) {
    if (!owners.has(`anonymous:${alias}`)) owners.set(`anonymous:${alias}`, profile_id);
  }
  const first = new Map<string, EventRow>();
  for (const row of rows.toSorted((a, b) => a.received_ms - b.received_ms || a.time_ms - b.time_ms)) {
    const key = JSON.stringify([row.source, row.id]);
    if (row.type === event && !first.has(key)) first.set(key, row);
  }
  const owner = (row: EventRow) => owners.get(row.profile_id) ?? row.profile_id;
  const found: BareFacts[] = [];
  for (const { part, fromMs, cutMs, toMs } of cutOffs) {
    for (const [profileId, all] of Map.groupBy(first.values(), owner)) {
      const history = all.filter(({ time_ms }) => time_ms >= fromMs && time_ms < cutMs);
      if (!people.has(profileId) || history.length === 0) continue;
      const times = history.map(({ time_ms }) => time_ms);
      const between = (from: number, to: number) => history.filter(({ time_ms: t }) => t >= from && t < to).length;
      const millionths = history.reduce((sum, { properties }) => {
        const value: unknown = amount === undefined ? undefined : JSON.parse(properties)[amount];
        return sum + (typeof value === 'number' && Math.abs(value) < 1e12 ? Math.round(value * 1e6) : 0);
      }, 0);
      const spanMs = SPAN_DAYS * DAY_MS;
      found.push({
        profileId,
        part,
        purchases: history.length,
        firstMs: Math.min(...times),
        lastMs: Math.max(...times),
        amount: millionths / 1e6,
        recent: between(cutMs - spanMs, cutMs),
        earlier: between(cutMs - 2 * spanMs, cutMs - spanMs),
        later: all.filter(({ time_ms }) => time_ms >= cutMs && time_ms < toMs).length,
      });
    }
  }
  return found.toSorted(byPartAndPerson);
};

export const byPartAndPerson = (a: BareFacts, b: BareFacts): number =>
  `${a.part} ${a.profileId}` < `${b.part} ${b.profileId}` ? -1 : 1;
