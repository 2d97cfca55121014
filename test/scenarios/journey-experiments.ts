import { expect } from 'vitest';
import { armAt, bucketOf } from '../../core/strategy/assignment.ts';
import type { ExperimentView } from '../../core/strategy/experiment/experiment-view.ts';
import type { LocalHerald } from './boot.ts';
import { type JourneyView, publish, write } from './walks.ts';

const DAY = 86_400_000;
/** So many of each arm come first, and nobody else until there is a count. */
const FIRST = 20;

type Running = JourneyView & { running: { experiments: ExperimentView[] } };

/** A journey that is nothing but an experiment, entered by an event `look-<method>`; its goal is `buy-<method>`. */
const start = async (herald: LocalHerald, method: 'fixed' | 'bandit') => {
  const journey = await write(herald, {
    ...{ name: method, entry: { event: { eventType: `look-${method}` } }, start: 'x' },
    nodes: {
      x: {
        kind: 'experiment',
        arms: [
          { name: 'old', percent: 50, next: 'old' },
          { name: 'new', percent: 50, next: 'new' },
        ],
        ...{ goal: 'bought', method, minimumSample: 10, minimumDays: 1, default: 'old' },
      },
      old: { kind: 'wait', for: { days: 2 }, next: 'done' },
      new: { kind: 'wait', for: { days: 1 }, next: 'done' },
      done: { kind: 'exit' },
    },
    goals: [{ name: 'bought', event: { eventType: `buy-${method}` }, within: { days: 1 } }],
  });
  await publish(herald, journey);
  return journey;
};

const experimentOf = async (herald: LocalHerald, { id }: JourneyView) => {
  const { running } = await herald.api.must<Running>(`GET /v1/journeys/${id}`, await herald.as('viewer-vera'));
  const [experiment] = running.experiments;
  if (!experiment) throw new Error(`${id} shows no experiment`);
  return experiment;
};

/**
 * Two experiments in journeys: one is decided, and whoever comes then takes the winner; a bandit sends more people to the arm that does better.
 * `people`: ids of whom nobody is held out.
 */
export const journeyExperiments = async (herald: LocalHerald, people: readonly string[], apiKey: string) => {
  const journeys = { fixed: await start(herald, 'fixed'), bandit: await start(herald, 'bandit') };
  const methods = ['fixed', 'bandit'] as const;
  const happens = async (type: string, ids: readonly string[]) => {
    const events = ids.map((profileId) => ({ id: `${type}-${profileId}`, type, profileId }));
    await herald.api.must('POST /v1/events', { apiKey, body: { events } });
    await herald.cloud.clock.advance(60_000);
  };
  const armOf = (journey: JourneyView, id: string, percents = [50, 50]) =>
    ['old', 'new'][armAt(percents, bucketOf(`journey/${journey.id}/x`, id))] ?? '';
  const arm = async ({ id }: JourneyView, profileId: string) => {
    const call = await herald.as('marketer-mia');
    return (await herald.api.must<{ arms: { x: string } }>(`GET /v1/journeys/${id}/participants/${profileId}`, call))
      .arms.x;
  };
  /** Of each arm as many, so that chance makes no mismatch. */
  const firstOf = (journey: JourneyView, name: string) =>
    people.filter((id) => armOf(journey, id) === name).slice(0, FIRST);
  const later: Record<string, string[]> = {};
  for (const method of methods) {
    const [old, fresh] = [firstOf(journeys[method], 'old'), firstOf(journeys[method], 'new')];
    await happens(`look-${method}`, [...old, ...fresh]);
    later[method] = people.filter((id) => ![...old, ...fresh].includes(id)).slice(0, 12);
    // All who get the new one buy; of the bandit half of them, and a third of the others.
    const buyers = method === 'fixed' ? fresh : [...fresh.slice(0, FIRST / 2), ...old.slice(0, FIRST / 3)];
    await happens(`buy-${method}`, buyers);
  }
  expect((await experimentOf(herald, journeys.fixed)).text).toMatch(/^Nobody has been counted yet/);
  await herald.cloud.clock.advance(3 * DAY);

  const fixed = await experimentOf(herald, journeys.fixed);
  expect(fixed).toMatchObject({
    decision: { arm: 'new', because: 'winner' },
    sampleRatio: { isMismatch: false },
    arms: [
      { name: 'old', assigned: FIRST, people: FIRST, successes: 0, share: 0 },
      { name: 'new', assigned: FIRST, people: FIRST, successes: FIRST, share: 100 },
    ],
  });
  expect(fixed.text).toMatch(/^“new” was decided for at/);
  const report = `GET /v1/journeys/${journeys.fixed.id}/report`;
  expect(await herald.api.must(report, await herald.as('viewer-vera'))).toMatchObject({
    experiments: [{ node: 'x', decision: { arm: 'new' } }],
  });
  const bandit = await experimentOf(herald, journeys.bandit);
  expect(bandit.decision).toBeUndefined();
  const percents = bandit.arms.map(({ share }) => share);
  expect(percents[1]).toBeGreaterThan(60);
  expect(percents[0]).toBeGreaterThanOrEqual(5);

  for (const method of methods) await happens(`look-${method}`, later[method] ?? []);
  for (const id of later.fixed ?? []) expect([id, await arm(journeys.fixed, id)]).toEqual([id, 'new']);
  for (const id of later.bandit ?? [])
    expect([id, await arm(journeys.bandit, id)]).toEqual([id, armOf(journeys.bandit, id, percents)]);
  // Whoever had the other arm keeps it, and the simulation tells what comes to others, and why.
  const [loser = ''] = firstOf(journeys.fixed, 'old');
  expect(await arm(journeys.fixed, loser)).toBe('old');
  const walk = await herald.api.must<{ steps: { node: string; way: string; why: string }[] }>(
    `POST /v1/journeys/${journeys.fixed.id}/simulate`,
    await herald.as('marketer-mia', { profileId: loser }),
  );
  expect(walk.steps.find(({ node }) => node === 'x')).toMatchObject({
    way: 'new',
    why: expect.stringContaining('“new” was decided for'),
  });
};
