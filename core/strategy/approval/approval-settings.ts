import * as z from 'zod/mini';
import { ROLES } from '../../access/role.ts';
import { CHANNELS } from '../../delivery/channel.ts';
import { durationMs } from '../../event/duration.ts';
import { durationUpTo } from '../../event/duration-input.ts';
import { DEFAULT_LEVELS } from './level.ts';

/** What is approved, by the kinds of definitions. */
export const APPROVABLE_KINDS = ['campaign', 'journey', 'trigger', 'template', 'segment'] as const;
export type ApprovableKind = (typeof APPROVABLE_KINDS)[number];

const HOUR_MS = 3_600_000;
const some = <T extends z.ZodMiniType>(item: T, most: number) =>
  z.optional(z.array(item).check(z.minLength(1), z.maxLength(most)));

/** All that is given holds. Absent as a whole: always. */
const condition = z.strictObject({
  kinds: some(z.enum(APPROVABLE_KINDS), APPROVABLE_KINDS.length),
  /** An audience whose size is not known counts as larger. */
  audienceLargerThan: z.optional(z.int().check(z.minimum(1), z.maximum(1_000_000_000))),
  topics: some(z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,31}$/)), 50),
  /** It may go out on one of these. */
  channels: some(z.enum(CHANNELS), CHANNELS.length),
});

const levelInput = z
  .strictObject({
    name: z.string().check(z.minLength(1), z.maxLength(60)),
    roles: some(z.enum(ROLES), ROLES.length),
    people: some(z.string().check(z.minLength(1), z.maxLength(128)), 50),
    quorum: z._default(z.int().check(z.minimum(1), z.maximum(5)), 1),
    mayRepeat: z.optional(z.literal(true)),
    when: z.optional(condition),
  })
  .check(z.refine(({ roles, people }) => roles !== undefined || people !== undefined, 'Name roles or people'));

/** Who has to say yes before something goes out, in order, and when they are told again. */
export const approvalSettingsInput = z.strictObject({
  levels: z.array(levelInput).check(z.minLength(1), z.maxLength(10)),
  /** Absent: nobody is reminded. */
  remindAfter: z.optional(
    durationUpTo(30).check(z.refine((length) => durationMs(length) >= HOUR_MS, 'At least an hour')),
  ),
  /** Webhook endpoint that is told when a level begins to wait, of reminders, and how it ended. */
  tell: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
});
export type ApprovalSettings = z.infer<typeof approvalSettingsInput>;
export type PolicyLevel = ApprovalSettings['levels'][number];

export const DEFAULT_APPROVAL_SETTINGS: ApprovalSettings = { levels: DEFAULT_LEVELS };
