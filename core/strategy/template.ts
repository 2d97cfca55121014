import * as z from 'zod/mini';

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));

/** Content for one or more channels. Every field is Liquid; `profile`, `event` and `window` are its variables. */
export const templateInput = z.strictObject({
  name: text(100),
  channels: z.strictObject({
    email: z.optional(z.strictObject({ subject: text(500), html: text(200_000), text: z.optional(text(100_000)) })),
    sms: z.optional(z.strictObject({ text: text(1_600) })),
    push: z.optional(z.strictObject({ title: text(200), body: text(2_000) })),
  }),
});
export type TemplateInput = z.infer<typeof templateInput>;
/** `editors`: everybody who wrote one of its versions. Nobody puts their own content in force. */
export type Template = TemplateInput & { id: string; version: number; editors: string[] };

/** A rendered message, ready for a channel adapter. */
export type RenderedContent =
  | { channel: 'email'; subject: string; html: string; text?: string }
  | { channel: 'sms'; text: string }
  | { channel: 'push'; title: string; body: string };
