import * as z from 'zod/mini';
import { LOCALES, type Locale } from './page-locale.ts';

/** What is noticed of what people do with a message. */
export type Tracking = { clicks: boolean; opens: boolean };

const name = z.optional(z.string().check(z.minLength(1), z.maxLength(100)));
const names = z.strictObject(
  Object.fromEntries(LOCALES.map((locale) => [locale, name])) as Record<Locale, typeof name>,
);
const topic = z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,31}$/));

/** What operators may set for the links in messages and the pages behind them. Stored as the definition `settings/links`. */
export const linkSettings = z.strictObject({
  tracking: z.strictObject({
    clicks: z.boolean(),
    opens: z.boolean(),
    /** Messages that an event of these apps has caused are left alone. */
    notForSources: z._default(z.array(z.string().check(z.minLength(1), z.maxLength(64))).check(z.maxLength(100)), []),
  }),
  /** Who writes to people, as they know it: the pages say it. */
  sender: name,
  /** What the preference page offers, in this order, with its names by locale. A topic without a name is shown as it is. */
  topics: z.array(z.strictObject({ topic, names })).check(
    z.maxLength(50),
    z.refine((topics) => new Set(topics.map((one) => one.topic)).size === topics.length, 'A topic is there twice'),
  ),
});
export type LinkSettings = z.infer<typeof linkSettings>;

/** In force until somebody sets others. */
export const DEFAULT_LINK_SETTINGS: LinkSettings = {
  tracking: { clicks: true, opens: true, notForSources: [] },
  topics: [],
};

/** What a plan leaves out; it cannot add what the settings leave out. */
export const planTracking = z.strictObject({ clicks: z.optional(z.boolean()), opens: z.optional(z.boolean()) });
export type PlanTracking = z.infer<typeof planTracking>;

/** `source`: the app whose event caused the message, if one did. */
export const trackingOf = (
  { tracking: { clicks, opens, notForSources } }: LinkSettings,
  plan: PlanTracking | undefined,
  source: string | undefined,
): Tracking => {
  const open = source === undefined || !notForSources.includes(source);
  return { clicks: open && clicks && plan?.clicks !== false, opens: open && opens && plan?.opens !== false };
};
