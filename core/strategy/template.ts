import * as z from 'zod/mini';
import { type EmailBlocks, emailBlocks } from './template/blocks/blocks.ts';
import { localeChain } from './template/locales.ts';

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));

/** Links in plain text are followed only where this says so: a followed link is long, and a text message is billed by its length. */
const trackLinks = z.optional(z.boolean());

/**
 * A page is written as HTML, as MJML, or as the blocks of an editor. What MJML and blocks become is in `html` of what is saved: what
 * comes with them is not looked at.
 */
const email = {
  subject: text(500),
  html: z.optional(text(200_000)),
  mjml: z.optional(text(100_000)),
  blocks: z.optional(emailBlocks),
  text: z.optional(text(100_000)),
};
type Page = { html?: string | undefined; mjml?: string | undefined; blocks?: object | undefined };
const hasPage = z.refine<Page>(
  ({ html, mjml, blocks }) => (mjml === undefined ? html !== undefined || blocks !== undefined : blocks === undefined),
  'Write html, mjml or blocks',
);
const sms = { text: text(1_600) };
/** Channels that are written alike in every locale; how links of the others are followed does not depend on a language. */
const otherChannels = {
  push: z.optional(z.strictObject({ title: text(200), body: text(2_000) })),
  /** A template that Meta has approved, by its name and language; what fills its places is Liquid. */
  whatsapp: z.optional(
    z.strictObject({
      template: z.string().check(z.regex(/^[a-z0-9_]{1,512}$/)),
      /** As Meta writes it: `fr`, `en_US`. */
      language: z.string().check(z.regex(/^[a-z]{2,3}(_[A-Z]{2,3})?$/)),
      header: z.optional(text(60)),
      /** `{{1}}`, `{{2}}` … of its body. */
      parameters: z._default(z.array(text(1_024)).check(z.maxLength(20)), []),
      /** What is added to the address of its first button. */
      buttonUrl: z.optional(text(2_000)),
    }),
  ),
  /** A template of the official account, by its id; what fills its places is Liquid. */
  wechat: z.optional(
    z.strictObject({
      templateId: text(64),
      /** Where a tap leads. */
      url: z.optional(text(2_000)),
      /** Its keywords: `{"thing1": "{{ profile.attributes.city }}"}`. */
      data: z
        .record(z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_]{0,31}$/)), text(2_000))
        .check(z.refine((data) => Object.keys(data).length <= 20, 'At most 20 keywords')),
    }),
  ),
  inapp: z.optional(
    z.strictObject({
      title: text(200),
      body: text(4_000),
      /** Where a tap leads: a page, or a place in the app. */
      url: z.optional(text(2_000)),
      /** After so many days it is gone, read or not. */
      expiresAfterDays: z._default(z.int().check(z.minimum(1), z.maximum(365)), 30),
    }),
  ),
  webhook: z.optional(
    z.strictObject({
      endpointId: text(64),
      /** Each becomes a text of the body's `data.fields`. */
      fields: z
        .record(z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/)), text(5_000))
        .check(z.refine((fields) => Object.keys(fields).length <= 50, 'At most 50 fields')),
    }),
  ),
};

/** Locales in their canonical form (BCP 47): language, script, region, as `zh-Hant-TW`, `fr-CA` or `de`. */
const localeTag = z.string().check(
  z.regex(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/, 'A locale is written like de, pt-BR or zh-Hant-TW'),
  // en-UK is en-GB, iw is he: what is looked for has the newer name, so nobody would find the other.
  z.refine((tag) => localeChain(tag)[0] === tag, 'This name of a locale has been replaced by another'),
);
const MAX_LOCALES = 20;

/**
 * Content for one or more channels, in one or more locales. Every text is Liquid; `profile`, `event`, `window` and links are its
 * variables. Whoever has no locale, or one that is not written, gets `channels`.
 */
export const templateInput = z.strictObject({
  name: text(100),
  /** Of `channels`. Absent: nobody said. */
  locale: z.optional(localeTag),
  channels: z.strictObject({
    email: z.optional(z.strictObject({ ...email, trackLinks }).check(hasPage)),
    sms: z.optional(z.strictObject({ ...sms, trackLinks })),
    ...otherChannels,
  }),
  /** By locale; a channel that one leaves out is taken from the next that fits, in the end from `channels`. */
  locales: z.optional(
    z
      .record(
        localeTag,
        z.strictObject({
          email: z.optional(z.strictObject(email).check(hasPage)),
          sms: z.optional(z.strictObject(sms)),
          ...otherChannels,
        }),
      )
      .check(z.refine((locales) => Object.keys(locales).length <= MAX_LOCALES, `At most ${MAX_LOCALES} locales`)),
  ),
});
export type TemplateInput = z.infer<typeof templateInput>;

type Email = { subject: string; html: string; text?: string | undefined; trackLinks?: boolean | undefined };
type Channels<E extends Email> = Omit<TemplateInput['channels'], 'email'> & { email?: E | undefined };
type InLocales<E extends Email> = {
  name: string;
  locale?: string | undefined;
  channels: Channels<E>;
  locales?: Record<string, Channels<E>> | undefined;
};
/** What is rendered, and frozen into plan versions: without what its pages were made from. */
export type TemplateContent = InLocales<Email>;
/** A template as it is saved: each page is compiled, beside what it was made from. */
export type CompiledTemplate = InLocales<Email & { mjml?: string | undefined; blocks?: EmailBlocks | undefined }>;
/** `editors`: everybody who wrote one of its versions. Nobody puts their own content in force. */
export type Template = CompiledTemplate & {
  id: string;
  version: number;
  editors: string[];
  /** Who wrote this version, and when. Absent of templates from before versions were kept. */
  savedBy?: string;
  savedMs?: number;
  /** The version whose content this one has again. */
  restoredFrom?: number;
};

/** What of a template is rendered. */
export const contentOf = ({ name, locale, channels, locales }: CompiledTemplate): TemplateContent => ({
  name,
  ...(locale && { locale }),
  channels: withoutSources(channels),
  ...(locales && { locales: mapValues(locales, withoutSources) }),
});

const withoutSources = ({ email, ...others }: CompiledTemplate['channels']): TemplateContent['channels'] => {
  if (!email) return others;
  const { mjml: _, blocks: __, ...page } = email;
  return { email: page, ...others };
};

const mapValues = <A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

/** A rendered message, ready for a channel adapter. `headers`: lines of the email's head beside those of the provider. */
export type RenderedContent =
  | { channel: 'email'; subject: string; html: string; text?: string; headers?: Record<string, string> }
  | { channel: 'sms'; text: string }
  | { channel: 'push'; title: string; body: string }
  | {
      channel: 'whatsapp';
      template: string;
      language: string;
      header?: string;
      parameters: string[];
      buttonUrl?: string;
    }
  | { channel: 'wechat'; templateId: string; url?: string; data: Record<string, string> }
  | { channel: 'inapp'; title: string; body: string; url?: string; expiresAfterDays: number }
  | { channel: 'webhook'; endpointId: string; fields: Record<string, string> };
