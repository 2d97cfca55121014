import * as z from 'zod/mini';
import { profileInput } from '../../audience/profile.ts';
import type { Channel } from '../../delivery/channel.ts';

/** Channels that a test can be sent by: those whose address says all that they need to know. */
export const TEST_CHANNELS = ['email', 'sms', 'push', 'whatsapp', 'wechat'] as const satisfies Channel[];
export type TestChannel = (typeof TEST_CHANNELS)[number];
const MAX_RECIPIENTS = 50;

const { email, phone, pushToken, wechatOpenId } = profileInput.shape;
const ADDRESS: Record<TestChannel, z.ZodMiniType> = {
  ...{ email, sms: phone, push: pushToken, whatsapp: phone, wechat: wechatOpenId },
};

const recipient = z
  .strictObject({
    /** How a test names it. */
    name: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,63}$/)),
    channel: z.enum(TEST_CHANNELS),
    address: z.string().check(z.minLength(1), z.maxLength(4_096)),
  })
  .check(
    z.refine(({ channel, address }) => ADDRESS[channel].safeParse(address).success, {
      path: ['address'],
      message: 'No address of that channel',
    }),
  );

/** Who may get tests, by a name each. Stored as the definition `settings/tests`. Nobody else ever gets one. */
export const testSettings = z.strictObject({
  recipients: z.array(recipient).check(
    z.maxLength(MAX_RECIPIENTS),
    z.refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'Each name is of one recipient'),
  ),
});
export type TestSettings = z.infer<typeof testSettings>;
export type TestRecipient = TestSettings['recipients'][number];
export const NO_TEST_RECIPIENTS: TestSettings = { recipients: [] };
