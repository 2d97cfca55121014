import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import {
  type CampaignReport,
  campaignReportOf,
  campaignReportQuery,
} from '../../../core/measurement/campaign-report.ts';
import { createLake, type Lake } from '../lake.ts';
import { FROM_MS, onceEach, outcomes, receipts } from './outcome-arbitrary.ts';

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

// The earliest instant that the generator gives.
const run = { runId: "run'1", startedMs: FROM_MS - 30 * 3_600_000 };
const report = async () => campaignReportOf(await lake.query(campaignReportQuery([run])));
const nothingHeard = {
  ...{ delivered: {}, complained: {}, bounced: {}, failedLater: {} },
  ...{ opened: { people: 0, machines: {} }, clicked: { people: 0, machines: {} }, links: [] },
};
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

const isReceipt = (row: OutcomeRow) => /^[rm]#/.test(row.outcome_id);

/** The same report in plain code. */
const reportTwin = (rows: readonly OutcomeRow[]): CampaignReport => {
  const once = onceEach(rows);
  const mine = once.filter((row) => row.run_id === run.runId);
  const own = mine.filter((row) => !isReceipt(row));
  const byMessage = new Map(mine.filter((row) => row.outcome === 'sent').map((row) => [row.message_id, row]));
  const heard = once.flatMap((row) => {
    if (!isReceipt(row)) return [];
    const whose = row.run_id === '' && row.message_id !== '' ? byMessage.get(row.message_id) : row;
    return whose?.run_id === run.runId ? [{ ...row, profile_id: whose.profile_id, channel: whose.channel }] : [];
  });
  const people = (outcome: OutcomeRow['outcome']) => {
    const said = heard.filter((row) => row.outcome === outcome);
    const reason = (row: OutcomeRow) => (outcome === 'bounced' || outcome === 'failed' ? row.reason : '');
    return [...new Map(said.map((row) => [`${row.profile_id} ${row.channel} ${reason(row)}`, row])).values()];
  };
  const byReason = (some: readonly OutcomeRow[]) =>
    Object.fromEntries(
      [...Map.groupBy(some, (row) => row.channel)].map(([channel, of]) => [channel, countBy(of, (row) => row.reason)]),
    );
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
    delivered: countBy(people('delivered'), (row) => row.channel),
    complained: countBy(people('complained'), (row) => row.channel),
    bounced: byReason(people('bounced')),
    failedLater: byReason(people('failed')),
  };
};

describe('campaign report', () => {
  it('agrees with its twin', { timeout: 120_000 }, async () => {
    let [recipients, heard] = [0, 0];
    await fc.assert(
      fc.asyncProperty(outcomes, receipts, fc.constantFrom(0, 60_000, 26 * 3_600_000), async (sent, later, lagMs) => {
        const rows = [...sent, ...later];
        lake.outcomes(rows, lagMs);
        const found = await report();
        expect(found).toEqual(reportTwin(rows));
        recipients += found.recipients;
        heard += Object.values(found.delivered).length;
      }),
      { numRuns: 60 },
    );
    expect(recipients).toBeGreaterThan(0);
    expect(heard).toBeGreaterThan(0);
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
