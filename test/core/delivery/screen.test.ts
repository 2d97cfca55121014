import { expect, test } from 'vitest';
import { type Screening, screen } from '../../../core/delivery/screen.ts';

const NIGHT = Date.parse('2026-11-18T23:00:00Z');
const MORNING = Date.parse('2026-11-19T08:00:00Z');
const settings = {
  frequencyCap: { touches: 5, hours: 24 },
  quietHours: { from: '21:00', to: '08:00', otherwise: 'defer' as const, jitterMinutes: 0 },
  prices: { sms: 0.05 },
};
const asked: Screening = {
  row: { profileId: 'ada', phone: '+4712345678', attributes: {} },
  ...{ channel: 'sms', lane: 'promotional', policy: ['sms', 'email'], budget: undefined, step: 0, taken: undefined },
  ...{ settings, nowMs: MORNING, deadlineMs: Number.POSITIVE_INFINITY, batch: 'r#0#0' },
};

test.each<[string, Partial<Screening>, object]>([
  ['reachable', {}, { address: '+4712345678' }],
  ['without a profile', { row: undefined }, { reason: 'profile-missing' }],
  ['erased', { row: { profileId: 'erased:0', attributes: {}, erased: 0, phone: '+47' } }, { reason: 'erased' }],
  ['without an address', { channel: 'email' }, { reason: 'no-address' }],
  ['too expensive', { budget: 0.04 }, { reason: 'over-budget' }],
  ['in the night', { nowMs: NIGHT }, { reason: 'quiet-hours', untilMs: MORNING }],
  ['in the night, worth nothing in the morning', { nowMs: NIGHT, deadlineMs: MORNING - 1 }, { reason: 'too-late' }],
  ['in the night, just worth it', { nowMs: NIGHT, deadlineMs: MORNING }, { reason: 'quiet-hours', untilMs: MORNING }],
  ['in the night, without delay', { nowMs: NIGHT, lane: 'transactional' }, { address: '+4712345678' }],
  ['without an address in the night', { nowMs: NIGHT, channel: 'push' }, { reason: 'no-address' }],
])('%s', (_, over, expected) => {
  expect(screen({ ...asked, ...over })).toEqual(expected);
});

test.each([1, 5, 14])(
  'a morning that comes %s minutes before the deadline is not made too late by spreading',
  (minutes) => {
    const night = { ...asked, nowMs: NIGHT, deadlineMs: MORNING + minutes * 60_000 };
    const spread = { ...settings, quietHours: { ...settings.quietHours, jitterMinutes: 240 } };
    for (let n = 0; n < 20; n += 1) {
      const screened = screen({ ...night, settings: spread, batch: `r#0#${n}` });
      expect(screened).toMatchObject({ reason: 'quiet-hours' });
      const { untilMs = 0 } = screened as { untilMs?: number };
      expect(untilMs).toBeGreaterThanOrEqual(MORNING);
      expect(untilMs).toBeLessThanOrEqual(night.deadlineMs);
    }
  },
);
