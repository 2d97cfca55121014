import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import { campaignReportOf, campaignReportQuery } from '../../../core/measurement/campaign-report.ts';
import type { Engagement } from '../../../core/measurement/engagement.ts';
import { createLake, type Lake } from '../lake.ts';
import { FROM_MS } from './outcome-arbitrary.ts';

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

const run = { runId: 'run-1', startedMs: FROM_MS };
const report = async (): Promise<Engagement> => {
  const { opened, clicked, links } = campaignReportOf(await lake.query(campaignReportQuery([run])));
  return { opened, clicked, links };
};

type Heard = {
  profile_id: string;
  outcome: 'opened' | 'clicked';
  machine: string;
  link: string;
  at_ms: number;
  run?: string;
};
const row = ({ profile_id, outcome, machine, link, at_ms, run: run_id = 'run-1' }: Heard): OutcomeRow => {
  const reason = outcome === 'clicked' ? `${machine}|${link}` : machine;
  return {
    outcome_id: `r#${profile_id}#${outcome}#${reason}`,
    plan_kind: 'campaign',
    plan_id: 'c',
    run_id,
    profile_id,
    channel: 'email',
    outcome,
    reason,
    final: false,
    at_ms,
    message_id: '',
    event_id: '',
  };
};

/** The same in plain code, by looking at every pair of clicks. */
const twin = (all: readonly Heard[]): Engagement => {
  const own = all.filter((one) => one.run !== 'other');
  const plain = own.filter(({ outcome, machine }) => outcome === 'clicked' && machine === '');
  const isScan = (one: Heard) =>
    plain.some(
      (two) => two.profile_id === one.profile_id && two.link !== one.link && Math.abs(two.at_ms - one.at_ms) <= 1_000,
    );
  const judged = own.map((one) => (plain.includes(one) && isScan(one) ? { ...one, machine: 'all-links' } : one));
  const heard = (outcome: Heard['outcome']) => {
    const machines = Map.groupBy(
      judged.filter((one) => one.outcome === outcome),
      ({ machine }) => machine,
    );
    const counts = [...machines].map(
      ([machine, some]) => [machine, new Set(some.map(({ profile_id }) => profile_id)).size] as const,
    );
    return {
      people: counts.find(([machine]) => machine === '')?.[1] ?? 0,
      machines: Object.fromEntries(counts.filter(([machine]) => machine !== '')),
    };
  };
  const links = Map.groupBy(
    judged.filter(({ outcome, machine }) => outcome === 'clicked' && machine === ''),
    ({ link }) => link,
  );
  return {
    opened: heard('opened'),
    clicked: heard('clicked'),
    links: [...links]
      .map(([link, some]) => ({ link, people: new Set(some.map(({ profile_id }) => profile_id)).size }))
      .sort((a, b) => b.people - a.people || (a.link < b.link ? -1 : 1)),
  };
};

const heard: fc.Arbitrary<Heard> = fc.record(
  {
    profile_id: fc.constantFrom('ada', "d'ora", 'émil'),
    outcome: fc.constantFrom('opened', 'clicked', 'clicked', 'clicked'),
    machine: fc.constantFrom('', '', '', 'head', 'too-soon', 'scanner'),
    link: fc.constantFrom('https://a.example/', 'https://a.example/x', "https://b.example/it's"),
    at_ms: fc.integer({ min: 0, max: 20 }).map((n) => FROM_MS + n * 500),
    run: fc.constantFrom('run-1', 'run-1', 'run-1', 'other'),
  },
  { requiredKeys: ['profile_id', 'outcome', 'machine', 'link', 'at_ms'] },
);

describe('what people did with messages', () => {
  it('agrees with its twin', { timeout: 120_000 }, async () => {
    let scans = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(heard, { maxLength: 25, size: 'max' }), async (all) => {
        // Each row twice: a call that is repeated writes it again.
        lake.outcomes([...all, ...all].map(row));
        const found = await report();
        expect(found).toEqual(twin(all));
        scans += found.clicked.machines['all-links'] ?? 0;
      }),
      { numRuns: 60 },
    );
    // Chance draws how many; without any, nothing was shown.
    expect(scans).toBeGreaterThan(0);
  });

  const click = (link: string, atMs: number, machine = ''): Heard => ({
    profile_id: 'ada',
    outcome: 'clicked',
    machine,
    link: `https://a.example/${link}`,
    at_ms: FROM_MS + atMs,
  });
  it.each([
    ['one link, twice at once', [click('x', 0), click('x', 100)], { people: 1, machines: {} }],
    ['two links, two seconds apart', [click('x', 0), click('y', 2_000)], { people: 1, machines: {} }],
    ['two links within a second', [click('x', 0), click('y', 1_000)], { people: 0, machines: { 'all-links': 1 } }],
    [
      'a scanner takes all links, a minute later somebody clicks one of them',
      [click('x', 0), click('y', 20), click('z', 40), click('x', 60_000)],
      { people: 1, machines: { 'all-links': 1 } },
    ],
    [
      'only machines',
      [click('x', 0, 'head'), click('x', 1, 'scanner')],
      { people: 0, machines: { head: 1, scanner: 1 } },
    ],
  ])('%s', async (_, all, clicked) => {
    lake.outcomes(all.map(row));
    expect((await report()).clicked).toEqual(clicked);
  });
});

describe('what choosing the hour was worth', () => {
  const exploredBy = (profileId: string) =>
    Number.parseInt(createHash('md5').update(`run-1#${profileId}`).digest('hex').slice(0, 8), 16) / 2 ** 32 < 0.1;
  const people = Array.from({ length: 300 }, (_, n) => `p${n}`);
  const sent = (profile_id: string): OutcomeRow => ({
    ...row({ profile_id, outcome: 'opened', machine: '', link: '', at_ms: FROM_MS }),
    ...{ outcome_id: `run-1#${profile_id}#0`, outcome: 'sent', final: true },
  });
  const did = (profile_id: string, outcome: Heard['outcome'], machine = '') =>
    row({ profile_id, outcome, machine, link: 'https://a.example/', at_ms: FROM_MS + 60_000 });

  it('compares those whose hour was chosen with those of chance, people alone', async () => {
    const open = (name: string, n: number) => did(name, 'opened', n % 3 === 0 ? 'prefetch' : '');
    const opens = people.filter((_, n) => n % 2 === 0).map(open);
    const clicks = people.filter((_, n) => n % 5 === 0).map((name) => did(name, 'clicked'));
    lake.outcomes([...people.map(sent), ...opens, ...opens, ...clicks]);
    const found = campaignReportOf(await lake.query(campaignReportQuery([run], { choosesHours: true })));
    const of = (isExplored: boolean) => {
      const own = (names: readonly string[]) => new Set(names.filter((name) => exploredBy(name) === isExplored)).size;
      const openers = opens.filter(({ reason }) => reason === '').map(({ profile_id }) => profile_id);
      return { sent: own(people), opened: own(openers), clicked: own(clicks.map(({ profile_id }) => profile_id)) };
    };
    expect(found.sendTime).toEqual({ chosen: of(false), chance: of(true) });
    expect(found.sendTime?.chance.sent).toBeGreaterThan(10);
    expect(found).toMatchObject({ recipients: 300, sent: 300, moved: {} });
  });

  it('is not asked of other campaigns', async () => {
    lake.outcomes(people.map(sent));
    expect(campaignReportOf(await lake.query(campaignReportQuery([run])))).not.toHaveProperty('sendTime');
  });
});
