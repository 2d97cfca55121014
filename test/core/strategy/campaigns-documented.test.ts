import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type DueTimes, dueTimes } from '../../../core/delivery/due-times.ts';
import { wallAt } from '../../../core/delivery/local-time.ts';
import { campaignInput } from '../../../core/strategy/campaign.ts';
import { latePolicyInput } from '../../../core/strategy/late.ts';
import { nextOccurrence } from '../../../core/strategy/schedule.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/campaigns.md'), 'utf8');
const blocks = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) =>
  campaignInput.parse(JSON.parse(text)),
);

test('the campaigns in docs/campaigns.md can be written', () => {
  expect(blocks).toHaveLength(1);
  const schedule = blocks[0]?.repeat?.schedule;
  // Tuesday, the first of December, at nine in Paris.
  expect(schedule && nextOccurrence(schedule, 0)).toMatchObject({ atMs: Date.parse('2026-12-01T08:00Z'), number: 1 });
});

test('a run that begins in the zone that the page names reaches people on the same day, from there to Hawaii', () => {
  const timeZone = page.match(/`"timeZone": "([^"]+)"`, with a `sendTime`/)?.[1] ?? '';
  const zones = ['Pacific/Auckland', 'Asia/Tokyo', 'Europe/Paris', 'America/Los_Angeles', 'Pacific/Honolulu'];
  // Summer in the south, and in the north.
  for (const from of ['2026-12-01', '2027-07-06']) {
    const schedule = { every: 'week' as const, time: '09:00', timeZone, from };
    const startMs = (nextOccurrence(schedule, 0)?.atMs ?? 0) + 10_000;
    const asked = { sendTime: { local: '09:00' }, runId: 'r', startMs, channels: ['email'], settings: {} };
    const dueOf = dueTimes({ ...asked, population: undefined } as DueTimes);
    const days = zones.map(
      (time_zone) => new Date(wallAt(dueOf({ profile_id: 'p', time_zone }) || startMs, time_zone)),
    );
    expect(days.map((day) => day.toISOString().slice(0, 16))).toEqual(zones.map(() => `${from}T09:00`));
  }
});

test('so can its policies for what is late', () => {
  const policies = [...page.matchAll(/`(\{"do": [^`]*\})`/g)].map(([, text = '']) => JSON.parse(text) as unknown);
  expect(policies.length).toBeGreaterThan(0);
  for (const policy of policies) expect(latePolicyInput.safeParse(policy).success).toBe(true);
});
