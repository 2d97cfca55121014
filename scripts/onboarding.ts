import type { Place } from './place.ts';
import { story } from './story.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ZONES = ['Europe/Paris', 'America/New_York', 'Asia/Tokyo', 'America/Los_Angeles'] as const;
const QUIET = { from: '21:00', to: '08:00' };
/** The longest way: three days, a weekend, and two weeks. The rest is for quiet hours. */
export const ONBOARDING_DAYS = 21;

/**
 * Somebody who signs up, and what they do then. Everything about them follows from their number, so that what they must get can be told
 * without the journey.
 */
export type Newcomer = {
  profileId: string;
  zone: (typeof ZONES)[number];
  city: 'Paris' | 'Lyon';
  /** After the beginning. */
  signsUpMs: number;
  /** Orders after they signed up, and when they close their account, if they do. */
  ordersMs: number[];
  closesMs?: number;
};

/** A tenth closes the account after two days, four tenths order on the first day, a third orders again after two weeks. */
export const newcomer = (n: number): Newcomer => {
  const closes = n % 10 === 9;
  return {
    profileId: `newcomer-${n}`,
    zone: ZONES[n % ZONES.length] as Newcomer['zone'],
    city: n % 3 === 1 ? 'Paris' : 'Lyon',
    signsUpMs: (n % 24) * HOUR_MS + n * 1_000,
    ordersMs: closes
      ? []
      : [...(n % 10 < 4 ? [20 * HOUR_MS + n] : []), ...(n % 3 === 0 ? [14 * DAY_MS + (n % 7) * HOUR_MS] : [])],
    ...(closes && { closesMs: 2 * DAY_MS }),
  };
};

/** Titles of the messages that they must get, in order; `arm`: the offer that chance gave them. */
export const expectedTitles = ({ ordersMs, closesMs, city }: Newcomer, arm: string | undefined): string[] => {
  if (closesMs !== undefined) return ['welcome'];
  return [
    'welcome',
    ordersMs.some((atMs) => atMs <= 3 * DAY_MS) ? 'thanks' : 'nudge',
    `offer-${arm}`,
    city === 'Paris' ? 'local' : 'digest',
    ...(ordersMs.some((atMs) => atMs > 3 * DAY_MS) ? [] : ['last']),
  ];
};

const ordered = { eventType: 'order.placed' };
const TITLES = ['welcome', 'thanks', 'nudge', 'offer-a', 'offer-b', 'local', 'digest', 'last'] as const;

/** Branches, waits for events, a working day's morning, an experiment, an update, a goal and an exit that cuts every wait short. */
const journey = (templates: Record<(typeof TITLES)[number], string>, hold: 'pooled' | 'traced') => {
  const message = (title: (typeof TITLES)[number], next: string) => ({
    ...{ kind: 'message', templateId: templates[title], channelPolicy: ['email'], next },
    // Whoever has it at night waits for the morning.
    deadline: { days: 2 },
  });
  return {
    name: 'Onboarding',
    topic: 'onboarding',
    hold,
    entry: { event: { eventType: 'account.created' } },
    start: 'welcome',
    nodes: {
      welcome: message('welcome', 'first'),
      first: {
        ...{ kind: 'wait-for-event', events: [{ event: ordered, next: 'thanks' }], within: { days: 3 } },
        onTimeout: 'nudge',
      },
      thanks: message('thanks', 'morning'),
      nudge: message('nudge', 'morning'),
      morning: {
        ...{ kind: 'wait-until', at: { time: '09:00', weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'] } },
        next: 'offer',
      },
      offer: {
        kind: 'experiment',
        arms: [
          { name: 'a', percent: 50, next: 'offer-a' },
          { name: 'b', percent: 50, next: 'offer-b' },
        ],
        ...{ goal: 'ordered', method: 'fixed', minimumSample: 10_000, minimumDays: 30, default: 'a' },
      },
      'offer-a': message('offer-a', 'week'),
      'offer-b': message('offer-b', 'week'),
      week: { kind: 'wait', for: { days: 7 }, next: 'where' },
      where: {
        kind: 'branch',
        branches: [{ name: 'Paris', when: [{ attribute: 'city', equals: 'Paris' }], next: 'local' }],
        otherwise: 'digest',
      },
      local: message('local', 'again'),
      digest: message('digest', 'again'),
      again: {
        ...{ kind: 'wait-for-event', events: [{ event: ordered, next: 'loyal' }], within: { days: 7 } },
        onTimeout: 'last',
      },
      loyal: { kind: 'update', set: { loyal: true }, next: 'bye' },
      last: message('last', 'bye'),
      bye: { kind: 'exit' },
    },
    goals: [{ name: 'ordered', event: ordered, within: { days: 21 } }],
    exits: [{ event: { eventType: 'account.closed' } }],
  };
};

/** `atMs`: after the beginning; they happen at the next full hour. */
type Doing = { atMs: number; type: string; profileId: string; id: string };

const doings = ({ profileId, signsUpMs: signed, ordersMs, closesMs }: Newcomer): Doing[] => {
  const one = (atMs: number, type: string): Doing => ({ atMs, type, profileId, id: `${profileId}-${type}-${atMs}` });
  return [
    one(signed, 'account.created'),
    ...ordersMs.map((afterMs) => one(signed + afterMs, 'order.placed')),
    ...(closesMs === undefined ? [] : [one(signed + closesMs, 'account.closed')]),
  ];
};

/** Events of one call. */
const TOGETHER = 100;

/**
 * So many newcomers walk the journey through three weeks of the place's clock, which must be virtual. Resolves when everybody has had
 * time to leave. `patiently` repeats a call of the API that a fault may have hit.
 */
export const tellOnboarding = async (
  cloud: Omit<Place, 'putOnBus'>,
  people: number,
  options: {
    hold?: 'pooled' | 'traced';
    patiently?: <T>(act: () => Promise<T>) => Promise<T>;
    /** Once the journey is live, before anybody signs up. */
    isLive?: () => void;
  } = {},
) => {
  const { hold = 'pooled', patiently = (act) => act(), isLive = () => {} } = options;
  const { api, as, connectSource } = story(cloud);
  const newcomers = Array.from({ length: people }, (_, n) => newcomer(n));
  const call = async <T = { id: string; version: number }>(user: string, route: string, body: object, key?: string) =>
    patiently(async () => api.must<T>(route, await as(user, body, key)));

  await call('operator-oscar', 'PUT /v1/settings/delivery', {
    ...{ version: 0, frequencyCap: { touches: 10, hours: 168 }, fallbackTimeZone: 'Europe/Paris' },
    quietHours: { ...QUIET, otherwise: 'defer', jitterMinutes: 0 },
  }).catch(() => undefined);
  let next = 0;
  const register = async () => {
    for (let one = newcomers[next++]; one; one = newcomers[next++]) {
      const { profileId, zone, city } = one;
      const known = { email: `${profileId}@example.com`, timeZone: zone, attributes: { city } };
      await call('marketer-mia', `PUT /v1/profiles/${profileId}`, known);
      await call('marketer-mia', `PUT /v1/profiles/${profileId}/consents`, { consents: { email: true } });
    }
  };
  await Promise.all(Array.from({ length: 8 }, register));

  const templates: Record<string, string> = {};
  for (const title of TITLES) {
    const content = { name: title, channels: { email: { subject: title, html: `<p>${title}</p>` } } };
    templates[title] = (await call('marketer-mia', 'POST /v1/templates', content, `onboarding-${title}`)).id;
  }
  const created = await call('marketer-mia', 'POST /v1/journeys', journey(templates, hold), 'onboarding');
  const { id, version } = created;
  await call('approver-ada', `POST /v1/journeys/${id}/publish`, { version }).catch(async (error: unknown) => {
    // A call that died may have been done all the same; what is approved is published by the state machine.
    const { state, running } = await patiently(async () =>
      api.must<{ state: string; running?: object }>(`GET /v1/journeys/${id}`, await as('viewer-vera')),
    );
    if (!running && state !== 'approved') throw error;
  });
  const apiKey = await patiently(() => connectSource('App'));
  await cloud.clock.advance(15_000);
  isLive();

  const startMs = cloud.clock.now();
  const byHour = Map.groupBy(newcomers.flatMap(doings), ({ atMs }) => Math.ceil(atMs / HOUR_MS));
  for (const [hour, own] of [...byHour].sort(([one], [other]) => one - other)) {
    await cloud.clock.advance(startMs + hour * HOUR_MS - cloud.clock.now());
    for (let at = 0; at < own.length; at += TOGETHER) {
      const events = own.slice(at, at + TOGETHER).map(({ type, profileId, id: eventId }) => {
        return { id: eventId, type, profileId, properties: {} };
      });
      await patiently(() => api.must('POST /v1/events', { apiKey, body: { events } }));
    }
  }
  await cloud.clock.advance(startMs + (ONBOARDING_DAYS + 3) * DAY_MS - cloud.clock.now());
  return { journeyId: id, newcomers, startMs };
};

/** True when the clock of the zone shows an hour at which nothing may arrive. */
export const isQuiet = (atMs: number, zone: string): boolean => {
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(atMs);
  return time >= QUIET.from || time < QUIET.to;
};
