import { TrinoSQL } from 'dt-sql-parser/dist/parser/trino/index.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differencesQuery, historyQuery } from '../../../core/audience/live/live-queries.ts';
import { personEventsQuery } from '../../../core/audience/person-events-query.ts';
import { previewQuery } from '../../../core/audience/preview-query.ts';
import { sampleQuery } from '../../../core/audience/sample-query.ts';
import type { ResolvedSegment } from '../../../core/audience/segment.ts';
import { snapshotQuery } from '../../../core/audience/segment-queries.ts';
import { campaignReportQuery } from '../../../core/measurement/campaign-report.ts';
import { variantCountsQuery } from '../../../core/measurement/variants-sql.ts';
import { NOW_MS, segments } from './segment-arbitrary.ts';

// DuckDB runs what is generated in the other tests, but its grammar is not Trino's. Here Trino's own grammar reads it.

const parser = new TrinoSQL();
const sending = { topic: 'offers', lane: 'promotional' as const };
/** What the grammar of Trino says; nothing when it is content. */
const faultsOf = (sql: string) => parser.validate(sql).map(({ message, startLine }) => `${startLine}: ${message}`);

describe('the grammar', () => {
  it.each([
    'SELECT 1 FROM',
    'SELECT a FROM t WHERE a -> 1 >',
    'SELECT CAST(a AS json[]) FROM t',
    "SELECT a FROM t WHERE a = 'O'Brien'",
    'SELECT max(a) OVER (ORDER BY t RANGE BETWEEN 1 AND 2 PRECEDING) FROM t',
    "UNLOAD (SELECT 1) TO WITH (format = 'JSON')",
  ])('sees what is no Trino: %s', (sql) => expect(faultsOf(sql)).not.toEqual([]));
});

describe('every query is Trino', () => {
  it('of a segment that asks everything', () => {
    const where = [
      { property: 'a.b', notBefore: '2026-01-01' },
      { property: 'list', anyItem: { item: 'sku', like: "a*'" } },
    ];
    const everything: ResolvedSegment = {
      all: [
        { attribute: 'birthday', anniversaryWithinDays: 7 },
        {
          not: {
            any: [
              { attribute: 'tags', everyItem: { not: { in: ['a', 1, true] } } },
              { field: 'email', endsWith: '%' },
            ],
          },
        },
        { consent: 'sms/offers', equals: true },
        { list: 'vips' },
        { near: { latitude: 48.8, longitude: 2.3, withinKm: 10, attributes: { latitude: 'lat', longitude: 'lon' } } },
        { event: 'purchase', where, avg: { property: 'amount', is: { atLeast: -1.5 } }, within: { days: 30 } },
        { event: 'purchase', min: { property: 'amount', is: { lessThan: 5 } } },
        { event: 'visit', first: { before: '2026-01-01' } },
        { event: 'cart', without: { event: 'purchase', where, withinDays: 1 } },
        { sequence: [{ event: 'visit' }, { event: 'cart', where }, { event: 'purchase' }], withinDays: 3 },
      ],
    };
    const live = { id: "s'1", segment: everything };
    for (const atOnce of [true, false]) {
      for (const state of ['filling', 'live'] as const) {
        expect(unloadFaults(differencesQuery({ ...live, atOnce, state }, NOW_MS, 's3://b/x/'))).toEqual([]);
      }
    }
    expect(unloadFaults(historyQuery(live, NOW_MS, 's3://b/x/'))).toEqual([]);
    const question = { tree: everything, operands: [everything, { not: everything }], sending };
    expect(faultsOf(previewQuery(question, NOW_MS))).toEqual([]);
    expect(faultsOf(personEventsQuery(everything, "O'Brien", NOW_MS)?.sql ?? '')).toEqual([]);
  });

  it('of a snapshot that says when people were active', () => {
    const segment = { attribute: 'city', equals: "L'Aquila" };
    for (const more of [{ sending }, {}]) {
      const options = { nowMs: NOW_MS, attributes: ['a'], location: 's3://b/x/', withActivity: true, ...more };
      expect(unloadFaults(snapshotQuery(segment, options))).toEqual([]);
    }
  });

  it('of a snapshot that tells people apart', () => {
    const arms = { holdouts: [{ percent: 5, salt: "a'b" }], split: { salt: 'c', percents: [10, 10] } };
    for (const withActivity of [true, false]) {
      const options = { nowMs: NOW_MS, attributes: ['a'], location: 's3://b/x/', arms, sending, withActivity };
      expect(unloadFaults(snapshotQuery({ field: 'email', exists: true }, options))).toEqual([]);
    }
  });

  it('of the report of a campaign that chooses hours', () => {
    expect(faultsOf(campaignReportQuery([{ runId: "r'1", startedMs: NOW_MS }], { choosesHours: true }))).toEqual([]);
  });

  it('of the variants of a campaign, by whatever they are compared', () => {
    const variants = [60, 40].map((percent, n) => ({ name: 'AB'.charAt(n), percent }));
    const experiment = { minimumSample: 1, minimumHours: 1, defaultVariant: 'A', testPercent: 30 };
    const amount = { event: 'purchase', sum: 'order.total', upTo: 500 };
    for (const metric of ['opened', 'clicked', { event: 'purchase' }, amount] as const) {
      const asked = { planId: "c'1", runId: "r'1", startedMs: NOW_MS, variants, experiment: { ...experiment, metric } };
      expect(faultsOf(variantCountsQuery(asked))).toEqual([]);
      expect(faultsOf(campaignReportQuery([{ runId: "r'1", startedMs: NOW_MS }], { variants: asked }))).toEqual([]);
    }
  });

  it('of a sample of the base', () =>
    expect(unloadFaults(sampleQuery({ salt: "s'1", location: 's3://b/x/' }))).toEqual([]));

  it('of generated segments, and the UNLOAD of their snapshots', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(segments, fc.boolean(), (segment, isSending) => {
        const options = { nowMs: NOW_MS, attributes: ['firstName', 'a'], location: 's3://work/snapshots/x/' };
        const unload = snapshotQuery(segment, { ...options, ...(isSending && { sending }) });
        expect(unloadFaults(unload), JSON.stringify(segment)).toEqual([]);
      }),
      // A parse takes up to some seconds.
      { numRuns: 12, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: false },
    );
  });
});

/** The grammar is Trino's, which has no UNLOAD: that is Athena's. Its query is Trino, and what is around it always the same. */
const unloadFaults = (unload: string): string[] => {
  const [, query] =
    /^UNLOAD \(\n([\s\S]*)\n\) TO 's3:\/\/[\w/]+' WITH \(format = 'JSON', compression = 'GZIP'\)$/.exec(unload) ?? [];
  return query === undefined ? ['no UNLOAD'] : faultsOf(query);
};
