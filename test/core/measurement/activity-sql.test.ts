import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { profileRow } from '../../../core/audience/profile.ts';
import { segmentSql } from '../../../core/audience/segment-sql.ts';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import { ACTIVITY_DAYS, activitySql, MAX_SIGHTINGS } from '../../../core/measurement/activity-sql.ts';
import { createLake, type Lake } from '../lake.ts';

const NOW = Date.parse('2026-11-18T12:00:00Z');
const HOUR = 3_600_000;
const FROM = NOW - ACTIVITY_DAYS * 24 * HOUR;
const ZONES: Record<string, string> = { ada: 'Europe/Paris', "d'ora": 'Europe/Paris', émil: '', zoë: 'Asia/Kolkata' };

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
  lake.profiles(
    Object.entries(ZONES).map(([profileId, timeZone]) =>
      profileRow({ profileId, version: 1, updatedMs: FROM, attributes: {}, ...(timeZone && { timeZone }) }),
    ),
  );
});
afterAll(() => lake.close());

type Heard = {
  profile_id: string;
  outcome: 'opened' | 'clicked' | 'delivered';
  machine: string;
  link: string;
  at_ms: number;
};
const row = ({ profile_id, outcome, machine, link, at_ms }: Heard): OutcomeRow => {
  const reason = outcome === 'clicked' ? `${machine}|${link}` : machine;
  return {
    outcome_id: `r#${profile_id}#${outcome}#${reason}`,
    ...{
      plan_kind: 'campaign',
      plan_id: 'c',
      run_id: 'r',
      channel: 'email',
      final: false,
      message_id: '',
      event_id: '',
    },
    ...{ profile_id, outcome, reason, at_ms },
  };
};

/** Nobody but the person's own opens and clicks, within the days, no machine's; looked at pair by pair. */
const humans = (all: readonly Heard[]): Heard[] => {
  const heard = all.filter(
    ({ outcome, machine, at_ms }) => outcome !== 'delivered' && machine === '' && at_ms >= FROM && at_ms < NOW,
  );
  const scans = (one: Heard, two: Heard) =>
    one.outcome === 'clicked' && two.outcome === 'clicked' && one.profile_id === two.profile_id &&
    one.link !== two.link && Math.abs(one.at_ms - two.at_ms) <= 1_000; // biome-ignore format: two lines say one thing
  return heard.filter((one) => !heard.some((two) => scans(one, two)));
};
const activeTwin = (all: readonly Heard[]) =>
  Object.fromEntries(
    [...Map.groupBy(humans(all), ({ profile_id }) => profile_id)].map(([id, own]) => [
      id,
      [...new Set(own.map(({ at_ms }) => at_ms))].sort((a, b) => b - a).slice(0, MAX_SIGHTINGS),
    ]),
  );
const hoursTwin = (all: readonly Heard[]) => {
  const found = new Map<string, Set<string>>();
  for (const { profile_id, at_ms } of humans(all)) {
    if (!(profile_id in ZONES)) continue;
    const key = `${ZONES[profile_id]} ${Math.floor(at_ms / HOUR)}`;
    found.set(key, (found.get(key) ?? new Set()).add(profile_id));
  }
  return Object.fromEntries([...found].map(([key, who]) => [key, who.size]));
};

const ctes = (): string => `${segmentSql({ attribute: 'city', exists: false }, NOW).withMembers},\n${activitySql(NOW)}`;
const active = async () =>
  Object.fromEntries(
    (await lake.query(`${ctes()} SELECT profile_id, active FROM active`)).map(({ profile_id, active: at }) => [
      profile_id ?? '',
      (at ?? '').split(',').map(Number).sort((a, b) => b - a), // biome-ignore format: a short line
    ]),
  );
const hours = async () =>
  Object.fromEntries(
    (await lake.query(`${ctes()} SELECT time_zone, hour, people FROM hours`)).map(({ time_zone, hour, people }) => [
      `${time_zone ?? ''} ${Number(hour)}`,
      Number(people),
    ]),
  );

/** Often right where an hour, or the span of days, begins or ends. */
const instants = fc.oneof(
  fc.constantFrom(FROM - 1, FROM, FROM + 1, NOW - 1, NOW),
  fc
    .tuple(
      fc.integer({ min: 0, max: ACTIVITY_DAYS * 24 - 1 }),
      fc.constantFrom(-1, 0, 1, 499, 500, 1_799_999, 3_599_999),
    )
    .map(([hour, more]) => FROM + hour * HOUR + more),
);
const heard: fc.Arbitrary<Heard> = fc.record({
  profile_id: fc.constantFrom(...Object.keys(ZONES), 'nobody'),
  outcome: fc.constantFrom('opened', 'opened', 'clicked', 'clicked', 'delivered'),
  machine: fc.constantFrom('', '', '', 'too-soon', 'privacy-proxy'),
  link: fc.constantFrom('https://a.example/', "https://b.example/it's"),
  at_ms: instants,
});

describe('when people were active', () => {
  it('agrees with its twin', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(heard, { maxLength: 30, size: 'max' }), async (all) => {
        lake.outcomes([...all, ...all].map(row));
        expect(await active()).toEqual(activeTwin(all));
        expect(await hours()).toEqual(hoursTwin(all));
      }),
      { numRuns: 40 },
    );
  });

  it('of one person the newest count', async () => {
    const all = Array.from({ length: MAX_SIGHTINGS + 40 }, (_, n): Heard => {
      return { profile_id: 'ada', outcome: 'opened', machine: '', link: '', at_ms: NOW - (n + 1) * HOUR };
    });
    lake.outcomes(all.map(row));
    expect(Object.keys((await active()).ada ?? {})).toHaveLength(MAX_SIGHTINGS);
    expect(await active()).toEqual(activeTwin(all));
  });

  it('rows of older days are not read', () => expect(ctes()).toContain(`dt >= '2026-08-19'`));

  it('nothing heard is nothing', async () => {
    lake.outcomes([]);
    expect([await active(), await hours()]).toEqual([{}, {}]);
  });
});
