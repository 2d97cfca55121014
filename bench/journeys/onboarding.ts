import { startCloud } from '../../local/cloud.ts';
import { assembly } from '../../scripts/assembly.ts';
import { ONBOARDING_DAYS, tellOnboarding } from '../../scripts/onboarding.ts';
import { bar } from '../bar.ts';
import type { Part } from '../part.ts';

/** Noon of a Wednesday. */
const NOON = Date.UTC(2026, 10, 18, 12);

/** Seconds of this machine for three weeks of a journey with branches, waits for events, quiet hours and an experiment. */
export const measureOnboarding = async (people: number): Promise<Part> => {
  const cloud = await startCloud({
    assembly: assembly('local'),
    clock: { virtualStartMs: NOON },
    ratesAtMostEveryMs: 6 * 3_600_000,
  });
  try {
    let beganMs = performance.now();
    await tellOnboarding(cloud, people, {
      isLive: () => {
        beganMs = performance.now();
      },
    });
    const seconds = (performance.now() - beganMs) / 1_000;
    const messages = await cloud.inbox.count();
    return {
      figures: { onboarding: { people, days: ONBOARDING_DAYS, seconds, messages } },
      text: `${ONBOARDING_DAYS} days of onboarding of ${people.toLocaleString('en')} people: ${seconds.toFixed(1)} s, ${messages.toLocaleString('en')} messages`,
      bars: bar('onboarding of 1,000 people', people === 1_000 ? seconds : undefined, 60, 's'),
    };
  } finally {
    await cloud.stop();
  }
};
