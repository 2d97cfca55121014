import type { PolicyStep } from '../../core/delivery/policy.ts';
import type { DeliverySettings } from '../../core/delivery/settings.ts';
import { freezePlan } from '../../core/strategy/plan-hash.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { Chance } from './chance.ts';
import { SIMULATED, type Simulated } from './cloud.ts';
import { drawPeople, type Person } from './people.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Midnight of a Wednesday, so that seeds meet days, nights, weekends and the end of a month. */
const FIRST_MS = Date.UTC(2026, 10, 25);

/** An event of somebody that a trigger answers. `repeats`: the message that comes of it is put into the queue so often. */
export type Occasion = { eventId: string; profileId: string; atMs: number; repeats: number };
export type Plan = {
  version: PlanVersion;
  /** Of a campaign. */
  runId: string;
  startMs: number;
  audience: string[];
  /** Of a trigger. */
  occasions: Occasion[];
  /** When somebody cancels the campaign, or pauses the trigger. */
  stopMs?: number;
  /** When somebody pauses the campaign, and resumes it. */
  pause?: { fromMs: number; toMs: number };
};
export type Withdrawal = { profileId: string; consent: string; atMs: number };
export type World = {
  seed: number;
  startMs: number;
  settings: DeliverySettings;
  people: Map<string, Person>;
  plans: Plan[];
  withdrawals: Withdrawal[];
  /** From then on everything works. */
  calmMs: number;
  /** Clocks of processes are off by at most so much. */
  maxSkewMs: number;
};

/** What a seed is about: the same for the same seed, whatever goes wrong in it. */
export const drawWorld = (seed: number): World => {
  const chance = new Chance(seed, 1);
  const startMs = FIRST_MS + chance.int(0, 7 * 24 * 60) * MINUTE_MS;
  const people = drawPeople(chance, chance.int(30, 150));
  const settings = drawSettings(chance);
  const plans = Array.from({ length: chance.int(2, 4) }, (_, n) =>
    drawPlan(chance, n, { seed, startMs, people, settings }),
  );
  const ids = people.map(({ id }) => id);
  const withdrawals = Array.from({ length: chance.int(0, 5) }, () => ({
    profileId: chance.pick(ids),
    consent: chance.pick(SIMULATED) as string,
    atMs: startMs + chance.int(0, 6 * 60) * MINUTE_MS,
  }));
  return {
    ...{ seed, startMs, settings, plans, withdrawals },
    people: new Map(people.map((person) => [person.id, person])),
    calmMs: startMs + chance.int(2, 20) * HOUR_MS,
    maxSkewMs: chance.is(0.7) ? 500 : chance.is(0.7) ? 2_000 : 60_000,
  };
};

const drawSettings = (chance: Chance): DeliverySettings => {
  const touches = chance.int(1, 4);
  const channel = (): { channel?: Simulated } =>
    chance.is(0.6) ? { channel: chance.pick(['sms', 'sms', 'email', 'email', ...SIMULATED]) } : {};
  const within = () =>
    chance.is(0.5) ? { hours: chance.pick([2, 12, 24]) } : { calendar: chance.pick(['day', 'week'] as const) };
  const cap = () => ({
    touches: chance.int(1, 3),
    within: within(),
    ...channel(),
    ...(chance.is(0.4) && { topic: 'news' }),
  });
  const from = chance.pick(['20:00', '22:00', '09:00', '13:00']);
  return {
    frequencyCap: {
      touches,
      hours: chance.pick([1, 6, 24, 72]),
      ...(touches > 1 && chance.is(0.3) && { reserved: 1 }),
    },
    ...(chance.is(0.4) && { caps: Array.from({ length: chance.int(1, 2) }, cap) }),
    ...(chance.is(0.3) && { minimumGap: { minutes: chance.pick([10, 60, 180]) } }),
    ...(chance.is(0.4) && {
      quietHours: {
        ...{
          from,
          to: chance.pick(['07:00', '08:30', '15:00']),
          otherwise: chance.is(0.8) ? ('defer' as const) : ('drop' as const),
        },
        ...(chance.is(0.5) && { channels: chance.shuffled(SIMULATED).slice(0, 2) }),
        jitterMinutes: chance.pick([0, 5, 30]),
      },
    }),
    ...(chance.is(0.3) && { usSmsWindow: true }),
    ...(chance.is(0.4) && { prices: { sms: 0.05, email: 0.001, whatsapp: 0.02 } }),
    ...(chance.is(0.4) && { fallbackTimeZone: 'Europe/Paris' }),
  };
};

const WAITS: Partial<Record<Simulated, ('ifNotDeliveredWithin' | 'ifNotOpenedWithin')[]>> = {
  sms: ['ifNotDeliveredWithin'],
  email: ['ifNotDeliveredWithin', 'ifNotOpenedWithin'],
};

const drawPolicy = (chance: Chance): PolicyStep[] => {
  const channels = chance.shuffled(SIMULATED).slice(0, chance.int(1, 3));
  return channels.map((channel, n): PolicyStep => {
    const waits = WAITS[channel];
    if (n === channels.length - 1 || !waits || chance.is(0.4)) return channel;
    return { channel, [chance.pick(waits)]: { minutes: chance.pick([5, 30, 240]) } };
  });
};

type About = Pick<World, 'seed' | 'startMs' | 'settings'> & { people: readonly Person[] };

const drawPlan = (chance: Chance, n: number, { seed, startMs, people, settings }: About): Plan => {
  const isCampaign = chance.is(0.65);
  const planId = `${isCampaign ? 'c' : 't'}${n}s${seed}`;
  const begins = startMs + (chance.is(0.5) ? chance.int(0, 60_000) : chance.int(0, 5 * 60) * MINUTE_MS);
  const ids = people.map(({ id }) => id);
  const isLate = chance.is(0.2);
  const version = freezePlan({
    planKind: isCampaign ? 'campaign' : 'trigger',
    planId,
    name: planId,
    topic: chance.pick(['news', 'offers']),
    lane: chance.is(isCampaign ? 0.2 : 0.5) ? 'transactional' : 'promotional',
    ...(chance.is(0.2) && { priority: 'high' }),
    channelPolicy: drawPolicy(chance),
    ...(settings.prices && chance.is(0.5) && { budget: chance.pick([0.001, 0.03, 0.06]) }),
    template: templateOf(planId, isCampaign ? '' : '{{ event.id }}'),
    ...(isLate && { deadline: { hours: chance.int(1, 12) } }),
  } as Omit<PlanVersion, 'hash'>);
  const count = Math.min(ids.length, chance.int(20, 150));
  const occasion = (m: number): Occasion => {
    const atMs = begins + chance.int(0, 180) * MINUTE_MS;
    return { eventId: `e${m}`, profileId: chance.pick(ids), atMs, repeats: chance.is(0.2) ? 2 : 1 };
  };
  return {
    ...{ version, runId: `r${n}s${seed}`, startMs: begins },
    audience: isCampaign ? chance.shuffled(ids).slice(0, count) : [],
    occasions: isCampaign ? [] : Array.from({ length: Math.ceil(count / 3) }, (_, m) => occasion(m)),
    ...(chance.is(0.2) && { stopMs: begins + chance.int(0, 90) * MINUTE_MS }),
    ...(isCampaign && chance.is(0.3) && { pause: drawPause(chance, begins) }),
  };
};

const drawPause = (chance: Chance, beginsMs: number) => {
  const fromMs = beginsMs + chance.pick([chance.int(1, 60) * 1_000, chance.int(1, 60) * MINUTE_MS]);
  return { fromMs, toMs: fromMs + chance.pick([chance.int(1, 120) * 1_000, chance.int(5, 400) * MINUTE_MS]) };
};

/** Every text says which plan it is of, for whom, and of which event. */
const templateOf = (planId: string, event: string): PlanVersion['template'] => {
  const text = `[${planId}|{{ profile.profileId }}|${event}]`;
  return {
    name: planId,
    channels: {
      push: { title: 'Hello', body: text },
      sms: { text },
      email: { subject: 'Hello', html: `<p>${text} <a href="https://shop.example.com/">Shop</a></p>` },
      whatsapp: { template: 'hello', language: 'en', parameters: [text] },
      inapp: { title: 'Hello', body: text, expiresAfterDays: 30 },
    },
  };
};
