import type { Got, Violation } from './end.ts';
import { LOOK_MS } from './judge-people.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Caps, gap and hours, judged by what arrived and when, as the person it arrives at would: by plain counting, without any code
 * of the gate. A message counts when it arrives first; a follow-up of the policy is the same message. A worker's clock, and the
 * time that a call takes, may shift each by `slackMs`.
 */
export const judgeLimits = (world: World, all: readonly Got[]): Violation[] => {
  const promotional = all.filter(({ plan }) => plan.version.lane === 'promotional');
  const people = Map.groupBy(promotional, ({ person }) => person);
  return [...people].flatMap(([person, got]) => [...judgeCaps(world, person, got), ...judgeHours(world, person, got)]);
};

/** A touch stands for a minute for what has not arrived (core/delivery/touch.ts), and a call may take a function's time. */
const slackOf = ({ maxSkewMs }: World): number => 60_000 + LOOK_MS + 2 * maxSkewMs;

const iso = (atMs: number): string => new Date(atMs).toISOString();
const listed = (got: readonly Got[]): string =>
  got.map(({ channel, plan, atMs }) => `${plan.version.planId} ${channel} ${iso(atMs)}`).join(', ');

const zoneOf = ({ people, settings }: World, person: string): string => {
  const own = people.get(person)?.timeZone;
  const isKnown = own !== undefined && own !== 'Nowhere/At_All';
  return isKnown ? own : (settings.fallbackTimeZone ?? 'UTC');
};

/** The first time that each message came to the person. */
const firsts = (got: readonly Got[]): Got[] =>
  [...new Map(got.toReversed().map((one) => [one.key, one])).values()].toReversed();

const judgeCaps = (world: World, person: string, got: readonly Got[]): Violation[] => {
  const { frequencyCap, caps = [], minimumGap } = world.settings;
  const first = firsts(got).sort((a, b) => a.atMs - b.atMs);
  const slack = slackOf(world);
  const found: Violation[] = [];
  const rolling = (invariant: string, some: readonly Got[], most: number, windowMs: number) => {
    for (let n = most; n < some.length; n += 1) {
      const [oldest, newest] = [some[n - most] as Got, some[n] as Got];
      if (newest.atMs - oldest.atMs >= windowMs - slack) continue;
      const detail = `more than ${most} in ${windowMs / MINUTE_MS} minutes: ${listed(some.slice(n - most, n + 1))}`;
      found.push({ invariant, plan: newest.plan.version.planId, person, detail });
      return;
    }
  };
  const calendar = (invariant: string, some: readonly Got[], most: number, period: 'day' | 'week' | 'month') => {
    const timeZone = zoneOf(world, person);
    const inside = some.filter(
      ({ atMs }) => periodOf(atMs, timeZone, period) === periodOf(atMs - slack, timeZone, period),
    );
    for (const [name, same] of Map.groupBy(inside, ({ atMs }) => periodOf(atMs, timeZone, period))) {
      if (same.length <= most) continue;
      found.push({
        invariant,
        plan: same.at(-1)?.plan.version.planId ?? '',
        person,
        detail: `more than ${most} in ${period} ${name}: ${listed(same)}`,
      });
    }
  };
  const normal = (some: readonly Got[]) => some.filter(({ plan }) => plan.version.priority !== 'high');
  rolling('cap', first, frequencyCap.touches, frequencyCap.hours * HOUR_MS);
  rolling('cap', normal(first), frequencyCap.touches - (frequencyCap.reserved ?? 0), frequencyCap.hours * HOUR_MS);
  for (const { touches, within, channel, topic } of caps) {
    // Of a channel each message counts that came by it, follow-ups too.
    const concerned = (channel ? got.filter((one) => one.channel === channel) : first).filter(
      ({ plan }) => topic === undefined || plan.version.topic === topic,
    );
    if ('hours' in within) rolling(channel ? 'channel-cap' : 'cap', concerned, touches, within.hours * HOUR_MS);
    else calendar(channel ? 'channel-cap' : 'cap', concerned, touches, within.calendar);
  }
  if (minimumGap) rolling('minimum-gap', first, 1, minimumGap.minutes * MINUTE_MS);
  return found;
};

/** Year, month, day and minute of the day as a wall clock in the zone shows them. */
const wallOf = (atMs: number, timeZone: string) => {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const [date = '', time = ''] = format.format(atMs).split(' ');
  return { date, minute: Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)) };
};

/** Weeks are named by their Monday. */
const periodOf = (atMs: number, timeZone: string, period: 'day' | 'week' | 'month'): string => {
  const { date } = wallOf(atMs, timeZone);
  if (period === 'day') return date;
  if (period === 'month') return date.slice(0, 7);
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
};

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
const isWithin = (atMs: number, timeZone: string, from: string, to: string): boolean => {
  const { minute } = wallOf(atMs, timeZone);
  const [begins, ends] = [minutesOf(from), minutesOf(to)];
  return begins < ends ? begins <= minute && minute < ends : begins <= minute || minute < ends;
};

/** In the middle of the closed hours, not at an edge that a clock or a slow call may have moved. */
const isDeepIn = (world: World, atMs: number, timeZone: string, from: string, to: string): boolean => {
  const slack = slackOf(world);
  return [atMs, atMs - slack, atMs + 2 * world.maxSkewMs].every((one) => isWithin(one, timeZone, from, to));
};

const judgeHours = (world: World, person: string, got: readonly Got[]): Violation[] => {
  const { quietHours, usSmsWindow } = world.settings;
  return got.flatMap((one): Violation[] => {
    const about = { plan: one.plan.version.planId, person, detail: `${one.channel} at ${iso(one.atMs)}` };
    const isQuiet = quietHours && (quietHours.channels ?? [one.channel]).includes(one.channel);
    if (isQuiet && isDeepIn(world, one.atMs, zoneOf(world, person), quietHours.from, quietHours.to))
      return [{ invariant: 'quiet-hours', ...about }];
    const own = world.people.get(person)?.timeZone;
    const zones =
      own && own !== 'Nowhere/At_All'
        ? [own]
        : one.to.startsWith('+1202')
          ? ['America/New_York']
          : ['America/New_York', 'Pacific/Honolulu'];
    const isClosed = usSmsWindow && one.channel === 'sms' && one.to.startsWith('+1');
    if (isClosed && zones.some((zone) => isDeepIn(world, one.atMs, zone, '21:00', '08:00')))
      return [{ invariant: 'sms-window', ...about }];
    return [];
  });
};
