import { expect } from 'vitest';
import { expectedTitles, isQuiet, type Newcomer, tellOnboarding } from '../../scripts/onboarding.ts';
import { bootLocal, localTest } from './boot.ts';

/** Batches that are delivered again, and environments that die before or after their work, in every function. */
const RATES = { duplicateBatch: 0.4, crashBefore: 0.05, crashAfter: 0.05 };
const PEOPLE = 30;

type Walked = {
  state: string;
  entry: number;
  end?: { reason: string };
  arms: Record<string, string>;
  steps: { step: number }[];
};

/** The API's own calls may die too, and answer 500: a person would try again, so the test does. */
const patiently = async <T>(act: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
};

localTest(
  'weeks pass',
  'three weeks of onboarding under faults: nobody is lost, doubled or stuck, and each gets what their own doings ask for',
  async () => {
    const herald = await bootLocal({ days: true, faults: { seed: 7, ...RATES } });
    const { journeyId, newcomers } = await tellOnboarding(herald.cloud, PEOPLE, { patiently });
    for (const kind of Object.keys(RATES) as (keyof typeof RATES)[])
      expect(herald.cloud.injected[kind], kind).toBeGreaterThan(0);

    const messages = await herald.cloud.inbox.list({ limit: -1 });
    const walkedOf = async ({ profileId }: Newcomer) =>
      patiently(async () =>
        herald.api.must<Walked>(
          `GET /v1/journeys/${journeyId}/participants/${profileId}`,
          await herald.as('marketer-mia'),
        ),
      );
    for (const one of newcomers) {
      const walked = await walkedOf(one);
      const reason = one.closesMs === undefined ? 'exit' : 'exit-criterion';
      expect(walked, one.profileId).toMatchObject({ state: 'over', entry: 1, end: { reason } });
      const steps = walked.steps.map(({ step }) => step);
      expect(steps, one.profileId).toEqual(steps.map((_, n) => (steps[0] ?? 0) + n));
      const own = messages.filter(({ to }) => to === `${one.profileId}@example.com`).sort((a, b) => a.atMs - b.atMs);
      const titles = own.map(({ title }) => title);
      // A worker that dies while a provider has the message sends it no second time: such a message may be missing, none is there twice.
      expect(new Set(titles).size, one.profileId).toBe(titles.length);
      const wanted = expectedTitles(one, walked.arms.offer);
      expect(wanted.filter((title) => titles.includes(title))).toEqual(titles);
      expect(own.filter(({ atMs }) => isQuiet(atMs, one.zone))).toEqual([]);
    }
    // Of about four messages each.
    expect(messages.length).toBeGreaterThan(newcomers.length * 3);
  },
  180_000,
);
