import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import {
  type CampaignReport,
  campaignReportOf,
  campaignReportQuery,
} from '../../../core/measurement/campaign-report.ts';
import { createLake, type Lake } from '../lake.ts';
import { FROM_MS, onceEach, outcomes } from './outcome-arbitrary.ts';

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

// The earliest instant that the generator gives.
const run = { runId: "run'1", startedMs: FROM_MS - 30 * 3_600_000 };
const report = async () => campaignReportOf(await lake.query(campaignReportQuery(run)));
const nothingHeard = { opened: { people: 0, machines: {} }, clicked: { people: 0, machines: {} }, links: [] };
const zeros: CampaignReport = {
  recipients: 0,
  sent: 0,
  byChannel: {},
  skipped: {},
  failed: {},
  moved: {},
  ...nothingHeard,
};

const countBy = <T>(all: readonly T[], name: (one: T) => string) =>
  Object.fromEntries([...Map.groupBy(all, name)].map(([key, some]) => [key, some.length]));

/** The same report in plain code. */
const reportTwin = (rows: readonly OutcomeRow[]): CampaignReport => {
  const own = onceEach(rows).filter((row) => row.run_id === run.runId);
  const final = own.filter((row) => row.final);
  const of = (outcome: OutcomeRow['outcome']) => final.filter((row) => row.outcome === outcome);
  const left = Map.groupBy(
    own.filter((row) => !row.final && row.outcome !== 'sent'),
    (row) => row.channel,
  );
  return {
    recipients: final.length,
    sent: of('sent').length,
    byChannel: countBy(of('sent'), (row) => row.channel),
    skipped: countBy(of('skipped'), (row) => row.reason),
    failed: countBy(of('failed'), (row) => row.reason),
    moved: Object.fromEntries([...left].map(([channel, some]) => [channel, countBy(some, (row) => row.reason)])),
    ...nothingHeard,
  };
};

describe('campaign report', () => {
  it('agrees with its twin', { timeout: 120_000 }, async () => {
    let recipients = 0;
    await fc.assert(
      fc.asyncProperty(outcomes, fc.constantFrom(0, 60_000, 26 * 3_600_000), async (rows, lagMs) => {
        lake.outcomes(rows, lagMs);
        const found = await report();
        expect(found).toEqual(reportTwin(rows));
        recipients += found.recipients;
      }),
      { numRuns: 60 },
    );
    expect(recipients).toBeGreaterThan(20);
  });

  it('tells why nobody got it, and what was tried before', async () => {
    const row = (step: number, rest: Pick<OutcomeRow, 'channel' | 'outcome' | 'reason' | 'final'>): OutcomeRow => ({
      outcome_id: `${run.runId}#ada#${step}`,
      plan_kind: 'campaign',
      plan_id: 'c',
      run_id: run.runId,
      profile_id: 'ada',
      at_ms: FROM_MS + step,
      message_id: '',
      event_id: '',
      ...rest,
    });
    lake.outcomes([
      row(0, { channel: 'push', outcome: 'skipped', reason: 'no-address', final: false }),
      row(1, { channel: 'sms', outcome: 'failed', reason: 'opted-out', final: true }),
    ]);
    expect(await report()).toEqual({
      ...zeros,
      recipients: 1,
      failed: { 'opted-out': 1 },
      moved: { push: { 'no-address': 1 } },
    });
  });

  it('is all zeros without outcomes', async () => {
    lake.outcomes([]);
    expect(await report()).toEqual(zeros);
    expect(campaignReportOf([])).toEqual(zeros);
  });
});
