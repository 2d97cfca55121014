import * as z from 'zod/mini';

const attributeValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.union([z.string(), z.number(), z.boolean()]))]);

/** A person as the API takes and gives it. PUT merges: a field that is absent stays, an attribute set to null goes. */
export const profileInput = z.strictObject({
  email: z.optional(z.nullable(z.email().check(z.maxLength(254)))),
  /** E.164, for example +33612345678. */
  phone: z.optional(z.nullable(z.string().check(z.regex(/^\+[1-9]\d{6,14}$/)))),
  pushToken: z.optional(z.nullable(z.string().check(z.minLength(1), z.maxLength(4096)))),
  /** IANA name, for example Europe/Paris. */
  timeZone: z.optional(z.nullable(z.string().check(z.maxLength(64)))),
  locale: z.optional(z.nullable(z.string().check(z.maxLength(35)))),
  attributes: z.optional(z.record(z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/)), attributeValue)),
});
export type ProfileInput = z.infer<typeof profileInput>;
export type AttributeValue = z.infer<typeof attributeValue>;

export type Profile = {
  profileId: string;
  version: number;
  updatedMs: number;
  email?: string;
  phone?: string;
  pushToken?: string;
  timeZone?: string;
  locale?: string;
  attributes: Record<string, Exclude<AttributeValue, null>>;
};

/** A row of the lake table `profiles`: a log of versions; the highest version of a profile is the current one. */
export type ProfileRow = {
  profile_id: string;
  version: number;
  updated_ms: number;
  email: string;
  phone: string;
  push_token: string;
  time_zone: string;
  locale: string;
  /** JSON text. */
  attributes: string;
};
