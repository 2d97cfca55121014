import type { OutcomeRow } from '../../core/delivery/outcome.ts';
import { channelOf, waitsOf } from '../../core/delivery/policy.ts';
import { type End, type Got, keyOf, type Violation, type Wanted } from './end.ts';
import type { Plan, World } from './world.ts';

/** Between a worker's look at a plan, a consent or the clock and the provider: a function's time, and caches of seconds. */
export const LOOK_MS = 30_000;
const CACHED_MS = 3_000;

/** One final outcome each, nobody twice, nobody who does not want it, and all records say the same. */
export const judgePeople = (end: End, got: readonly Got[], wanted: readonly Wanted[]): Violation[] => {
  const arrived = Map.groupBy(got, ({ key }) => key);
  const { finals, violations } = finalsOf(end);
  const expected = new Set(wanted.map(({ key }) => key));
  return [
    ...violations,
    ...[...finals].flatMap(([key, rows]) =>
      expected.has(key)
        ? []
        : [{ invariant: 'one-final-outcome', person: rows[0]?.profile_id ?? '', detail: `${key} was not asked for` }],
    ),
    ...wanted
      .filter((one) => !cancelledBefore(end, one, finals))
      .flatMap((one) => judgeOne(end, one, finals.get(one.key) ?? [], arrived.get(one.key) ?? [])),
  ];
};

/** Final rows by recipient. Rows that are written twice say the same and count once. */
export const finalsOf = ({ outcomes, world }: End) => {
  const violations: Violation[] = [];
  const byId = new Map<string, OutcomeRow>();
  for (const row of outcomes) {
    const known = byId.get(row.outcome_id);
    const says = ({ outcome, reason, final, channel }: OutcomeRow) => `${outcome} ${reason} ${channel} ${final}`;
    if (known && says(known) !== says(row)) {
      const detail = `${row.outcome_id}: ${says(known)}, and ${says(row)}`;
      violations.push({ invariant: 'rows-agree', plan: row.plan_id, person: row.profile_id, detail });
    }
    byId.set(row.outcome_id, known ?? row);
  }
  const plans = new Map(world.plans.map((plan) => [plan.version.planId, plan]));
  const finals = Map.groupBy(
    [...byId.values()].filter(({ final }) => final),
    ({ plan_id, profile_id, event_id }) => keyOf(plans.get(plan_id) as Plan, profile_id, event_id),
  );
  return { finals, violations };
};

/** Whoever was never dispatched, for the campaign was cancelled before. As many as no part has. */
const cancelledBefore = (
  { ended, ledger }: End,
  { plan, key }: Wanted,
  finals: ReadonlyMap<string, unknown>,
): boolean => {
  if (ended.get(plan.runId) !== 'cancelled' || finals.has(key)) return false;
  const parts = ledger.filter(({ run, recipients }) => run?.S === plan.runId && recipients !== undefined);
  const dispatched = parts.reduce((sum, { recipients }) => sum + Number(recipients?.N), 0);
  return (
    plan.audience.filter((person) => !finals.has(keyOf(plan, person, ''))).length === plan.audience.length - dispatched
  );
};

const judgeOne = (end: End, { plan, person, key }: Wanted, finals: OutcomeRow[], got: readonly Got[]): Violation[] => {
  const about = { plan: plan.version.planId, person };
  const found: Violation[] = [];
  const fail = (invariant: string, detail: string) => void found.push({ invariant, ...about, detail });
  const [final, second] = finals;
  if (!final) fail('one-final-outcome', `${key} has none`);
  if (second)
    fail(
      'one-final-outcome',
      `${key} has ${finals.map(({ outcome_id, reason }) => `${outcome_id} ${reason}`).join(' and ')}`,
    );
  const times = got.map(({ channel, atMs }) => `${channel} at ${new Date(atMs).toISOString()}`).join(', ');
  if (plan.version.lane === 'promotional') {
    const twice = repeatOf(plan, got);
    if (twice) fail('promotional-once', `${twice}: ${times}`);
  }
  for (const one of got) {
    const why = unwanted(end.world, one);
    if (why) fail('only-who-agrees', `${why}: ${one.channel} at ${new Date(one.atMs).toISOString()}`);
    const silentMs = LOOK_MS + CACHED_MS + 2 * end.world.maxSkewMs;
    const stopMs = end.stops.get(plan.version.planId);
    const late = stopMs === undefined ? 0 : one.atMs - stopMs;
    if (late > silentMs) fail('stopped-is-silent', `${one.channel} ${late} ms after it was stopped`);
    const pauses = end.pauses.get(plan.version.planId) ?? [];
    const during = pauses.find(({ fromMs, toMs }) => fromMs + silentMs < one.atMs && one.atMs < toMs);
    if (during) fail('paused-is-silent', `${one.channel} ${one.atMs - during.fromMs} ms after it was paused`);
  }
  if (!final) return found;
  const isSent = final.outcome === 'sent';
  if (isSent && got.length === 0) fail('records-agree', `sent by ${final.channel}, and nothing has arrived`);
  if (isSent && got.length > 0 && !got.some(({ channel }) => channel === final.channel))
    fail('records-agree', `sent by ${final.channel}, but got ${times}`);
  const inDoubt = final.reason === 'unknown-after-crash' || plan.version.lane === 'transactional';
  if (!isSent && got.length > 0 && !inDoubt) fail('records-agree', `${final.reason}, but got ${times}`);
  const excuse = excuseOf(end, plan, person, final);
  if (plan.version.lane === 'transactional' && got.length === 0 && !excuse)
    fail('transactional-arrives', `${final.outcome} ${final.reason}`);
  return found;
};

/** A follow-up is on a later channel of the policy, after the time for which the one before was waited for. */
const repeatOf = ({ version: { channelPolicy } }: Plan, got: readonly Got[]): string | undefined => {
  const stepOf = ({ channel }: Got) => channelPolicy.findIndex((step) => channelOf(step) === channel);
  for (const [n, one] of got.entries()) {
    const before = got[n - 1];
    if (!before) continue;
    const waits = waitsOf(channelPolicy[stepOf(before)]);
    if (stepOf(one) <= stepOf(before)) return 'again';
    if (waits.length === 0) return 'although the channel before took it';
    if (one.atMs - before.atMs < (waits[0]?.ms ?? 0) - LOOK_MS * 2) return 'before its time';
  }
  return undefined;
};

/** Why somebody was not to be reached on this channel. */
const unwanted = (world: World, { plan, person, channel, atMs }: Got): string | undefined => {
  const { topic, lane } = plan.version;
  const { consents, suppressed } = world.people.get(person) as NonNullable<ReturnType<World['people']['get']>>;
  if (suppressed.includes(channel)) return 'suppressed';
  const since = LOOK_MS + 2 * world.maxSkewMs;
  const isOff = (key: string) =>
    world.withdrawals.some((one) => one.profileId === person && one.consent === key && one.atMs + since < atMs);
  const said = (key: string) => (isOff(key) ? false : consents[key]);
  const forTopic = said(`${channel}/${topic}`);
  if (lane === 'transactional') return forTopic === false ? 'no to the topic' : undefined;
  return (forTopic ?? said(channel)) === true ? undefined : 'no consent';
};

/** Why a transactional message need not arrive. */
const excuseOf = (
  { world, failed, stops }: End,
  { version }: Plan,
  person: string,
  { reason }: OutcomeRow,
): boolean => {
  const { addresses } = world.people.get(person) as NonNullable<ReturnType<World['people']['get']>>;
  if (reason === 'too-late') return version.deadline !== undefined || version.planKind === 'trigger';
  if (reason === 'plan-cancelled' || reason === 'plan-paused') return stops.has(version.planId);
  const channels = version.channelPolicy.map(channelOf);
  // One channel that has an address, is wanted, paid for and always worked would have been enough.
  const isPlain = (address: string | undefined) =>
    address !== undefined && /^(p\d+@|\+1202555|\+3361200|device-)/.test(address);
  const { email, phone, pushToken } = addresses;
  const plain = {
    email: isPlain(email),
    sms: isPlain(phone),
    whatsapp: isPlain(phone),
    push: isPlain(pushToken),
    inapp: true,
  };
  const { consents, suppressed } = world.people.get(person) as NonNullable<ReturnType<World['people']['get']>>;
  return !channels.some((channel) => {
    const isOpen = consents[`${channel}/${version.topic}`] !== false && !suppressed.includes(channel as never);
    const isAffordable = (world.settings.prices?.[channel] ?? 0) <= (version.budget ?? Number.POSITIVE_INFINITY);
    return plain[channel as keyof typeof plain] && isOpen && isAffordable && !failed.has(channel);
  });
};
