import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import { type Reach, reachOf, reachQuery } from '../../../core/measurement/reach.ts';
import { createLake, type Lake } from '../lake.ts';
import { FROM_MS, onceEach, outcomes, TO_MS } from './outcome-arbitrary.ts';

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

const period = { fromMs: FROM_MS, toMs: TO_MS };
const reach = async () => reachOf(await lake.query(reachQuery(period)));

/** The same report in plain code. */
const reachTwin = (rows: readonly OutcomeRow[]): Reach => {
  const sent = onceEach(rows).filter(
    (row) => row.outcome === 'sent' && row.final && row.at_ms >= FROM_MS && row.at_ms < TO_MS,
  );
  const figures = (some: OutcomeRow[]) => ({
    people: new Set(some.map((row) => row.profile_id)).size,
    messages: some.length,
  });
  const channels = [...Map.groupBy(sent, (row) => row.channel)].map(([channel, some]) => [channel, figures(some)]);
  return { ...figures(sent), byChannel: Object.fromEntries(channels) };
};

describe('reach', () => {
  it('agrees with its twin', { timeout: 120_000 }, async () => {
    let messages = 0;
    await fc.assert(
      fc.asyncProperty(outcomes, fc.constantFrom(0, 60_000, 26 * 3_600_000), async (rows, lagMs) => {
        lake.outcomes(rows, lagMs);
        const found = await reach();
        expect(found).toEqual(reachTwin(rows));
        messages += found.messages;
      }),
      { numRuns: 60 },
    );
    expect(messages).toBeGreaterThan(20);
  });

  const row: OutcomeRow = {
    outcome_id: 'r#ada#0',
    plan_kind: 'campaign',
    plan_id: 'c',
    run_id: 'r',
    profile_id: 'ada',
    channel: 'sms',
    outcome: 'sent',
    reason: '',
    final: true,
    at_ms: FROM_MS,
    message_id: '',
    event_id: '',
  };
  const nothing = { people: 0, messages: 0, byChannel: {} };
  const one = { people: 1, messages: 1 };
  const cases: [string, OutcomeRow[], Reach][] = [
    ['nothing happened', [], nothing],
    ['the first millisecond counts', [row], { ...one, byChannel: { sms: one } }],
    ['the last one does not', [{ ...row, at_ms: TO_MS }], nothing],
    ['one written twice is one message', [row, row], { ...one, byChannel: { sms: one } }],
    [
      'one written again after midnight belongs to the day before',
      [
        { ...row, at_ms: FROM_MS - 1 },
        { ...row, at_ms: FROM_MS + 1 },
      ],
      nothing,
    ],
    ['a skipped message reaches nobody', [{ ...row, outcome: 'skipped', reason: 'no-consent' }], nothing],
    [
      'one person on two channels is one person',
      [row, { ...row, outcome_id: 'r2#ada#0', run_id: 'r2', channel: 'push' }],
      { people: 1, messages: 2, byChannel: { sms: one, push: one } },
    ],
  ];
  it.each(cases)('%s', async (_, rows, expected) => {
    lake.outcomes(rows);
    expect(await reach()).toEqual(expected);
  });

  it('reads no partition before the day before', () => {
    expect(reachQuery(period)).toContain("dt >= '2026-02-28'");
  });
});
