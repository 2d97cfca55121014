import { attributeName } from '../audience/profile.ts';
import type { AcceptedEvent } from '../event/event.ts';
import type { Lookup } from './template/catalogue.ts';

/** What a template may say about the person: the profile as the API gives it, without version and tokens. */
export type TemplateProfile = {
  profileId: string;
  email?: string | undefined;
  phone?: string | undefined;
  timeZone?: string | undefined;
  locale?: string | undefined;
  attributes: Record<string, unknown>;
};

/** The person's own links out of this message: to unsubscribe from its topic, and to all preferences. */
export type LinkVariables = { readonly unsubscribe_url: string; readonly preferences_url: string };
/** What a preview shows in their place: nobody may unsubscribe somebody by looking at one. */
export const SAMPLE_LINKS: LinkVariables = { unsubscribe_url: '#unsubscribe', preferences_url: '#preferences' };

/** Values for one rendering. `event` and `window` exist only in event-triggered messages. */
export type TemplateVariables = {
  profile: TemplateProfile;
  event?: AcceptedEvent;
  window?: { value?: number };
  links?: LinkVariables;
  /** Of a template that asks for rows of reference tables: where they are. Absent: there are none. */
  catalogue?: Lookup;
};

/** The variables that exist at all, so that a misspelt one is found when the template is saved. */
const KNOWN: Record<string, readonly string[]> = {
  profile: ['profileId', 'email', 'phone', 'timeZone', 'locale', 'attributes'],
  event: ['id', 'type', 'profileId', 'source', 'time', 'properties'],
  window: ['value'],
};

/** Variables without members. */
const PLAIN: readonly unknown[] = Object.keys(SAMPLE_LINKS);

/** One use of a variable: `profile.attributes.city` is ['profile', 'attributes', 'city']; a nested array is `a[b.c]`. */
export type VariableUse = { segments: readonly unknown[]; line: number };

/**
 * What is wrong with a use, or undefined. Attributes must be named one by one: a snapshot carries only those that the
 * template names, so `profile.attributes` as a whole, or an attribute whose name is computed, would be empty.
 */
export const variableError = ({ segments }: VariableUse): string | undefined => {
  const [root, member, attribute] = segments;
  if (PLAIN.includes(root)) return member === undefined ? undefined : `${String(root)} has no members`;
  const members = typeof root === 'string' ? KNOWN[root] : undefined;
  if (!members) return `there is no variable ${String(root)}; there are profile, event, window, ${PLAIN.join(' and ')}`;
  if (member === undefined || typeof member === 'object') return `name a member of ${root}: ${members.join(', ')}`;
  if (!members.includes(String(member))) return `${root} has no member ${member}; it has ${members.join(', ')}`;
  if (member === 'attributes' && typeof attribute !== 'string') return 'name the attribute: profile.attributes.<name>';
  if (member === 'attributes' && !attributeName.safeParse(attribute).success) {
    return `${String(attribute)} is no name of an attribute`;
  }
  return undefined;
};

/**
 * The scope that Liquid reads. The event's time is ISO 8601, which Liquid's `date` filter takes. Links are made when they are
 * asked for, so they stay behind their getters.
 */
export const scopeOf = ({
  profile,
  event,
  window,
  links = SAMPLE_LINKS,
}: TemplateVariables): Record<string, unknown> => ({
  get unsubscribe_url() {
    return links.unsubscribe_url;
  },
  get preferences_url() {
    return links.preferences_url;
  },
  profile: {
    profileId: profile.profileId,
    ...(profile.email !== undefined && { email: profile.email }),
    ...(profile.phone !== undefined && { phone: profile.phone }),
    ...(profile.timeZone !== undefined && { timeZone: profile.timeZone }),
    ...(profile.locale !== undefined && { locale: profile.locale }),
    attributes: profile.attributes,
  },
  ...(event && {
    event: {
      id: event.id,
      type: event.type,
      profileId: event.profileId,
      source: event.source,
      time: new Date(event.timeMs).toISOString(),
      properties: event.properties,
    },
  }),
  ...(window && { window }),
});

/** The value at a path of plain names, or undefined. */
export const valueAt = (scope: unknown, segments: readonly unknown[]): unknown =>
  segments.reduce<unknown>(
    (at, name) => (at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[String(name)] : undefined),
    scope,
  );
