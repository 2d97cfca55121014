import type { Profile } from '../../core/audience/profile.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import type { Pair } from '../matching/documents.ts';

const PARALLEL = 20;

/**
 * Triggers that are active, and the profiles of the buyers, in the tables that the environment names. Adapters make their
 * clients when they load, so call it once the environment is set.
 */
export const setUpTriggers = async (triggers: readonly Trigger[], pairs: readonly Pair[]): Promise<void> => {
  const { definitions } = await import('../../lambdas/adapters/definitions.ts');
  const { inParallel } = await import('../../lambdas/adapters/in-parallel.ts');
  const defs = definitions(process.env.DEFINITIONS_TABLE!);
  await inParallel(PARALLEL, triggers, async (trigger) => void (await defs.put('trigger', trigger.id, trigger, 0, 1)));
  if (!process.env.PROFILES_TABLE) return;
  const { profiles } = await import('../../lambdas/adapters/profiles.ts');
  const people = profiles(process.env.PROFILES_TABLE);
  await inParallel(PARALLEL, [...pairs.entries()], async ([n, { profile }]) => {
    const stored: Profile = { profileId: `buyer-${n}`, version: 1, updatedMs: 1, attributes: profile };
    await people.save({ profile: stored, outbox: [] });
  });
};
