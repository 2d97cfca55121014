import type { SnapshotRow } from '../../core/delivery/messages.ts';
import type { TemplateProfile } from '../../core/strategy/template-variables.ts';
import { profileOf } from '../adapters/recipients.ts';
import { Problem } from '../middleware/problem.ts';

type Trigger = {
  event?: { type: string; properties: Record<string, unknown> } | undefined;
  window?: { value: number } | undefined;
  /** Whose words; absent: the profile's. */
  locale?: string | undefined;
};
type Asked = Trigger & ({ profileId: string } | { profile: TemplateProfile });
export type Sample = {
  profile: TemplateProfile | SnapshotRow;
  event?: NonNullable<Trigger['event']>;
  window?: NonNullable<Trigger['window']>;
};

/** Whom, and what, a template is shown with: a stored profile or one made up, in the words of its locale or another. Throws 404. */
export const sampleOf = async (profilesTable: string, { event, window, locale, ...asked }: Asked): Promise<Sample> => {
  const profile = 'profile' in asked ? asked.profile : await profileOf(profilesTable, asked.profileId);
  if (!profile) throw new Problem('not-found', 'There is no such profile');
  return {
    profile: { ...profile, ...(locale !== undefined && { locale }) },
    ...(event && { event }),
    ...(window && { window }),
  };
};
