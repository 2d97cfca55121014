import { type ProfileInput, ProfileTooLarge } from '../../core/audience/profile.ts';
import type { Sinks } from '../adapters/outbox.ts';
import type { Profiles } from '../adapters/profiles.ts';
import { changeProfile } from '../audience/change-profile.ts';

/**
 * Merges attributes into the profile of somebody who has one: an update is never the beginning of a person. A profile that is
 * full keeps nobody from going on; the log names the journey.
 */
export const changeAttributes = async (
  people: { profiles: Profiles; sinks: Sinks },
  profileId: string,
  attributes: NonNullable<ProfileInput['attributes']>,
  journeyId: string,
  nowMs: number,
): Promise<void> => {
  try {
    await changeProfile(people, profileId, (current) => current && { attributes }, `journey/${journeyId}`, nowMs);
  } catch (error) {
    if (!(error instanceof ProfileTooLarge)) throw error;
    console.error({ message: 'An update of a journey finds no room in the profile', journeyId });
  }
};
