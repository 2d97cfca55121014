import * as z from 'zod/mini';
import { ROLES } from '../role.ts';

const decision = {
  by: z.string(),
  /** Whose approvals that person has taken over for a while. */
  onBehalfOf: z.optional(z.string()),
  atMs: z.int(),
  comment: z.string(),
};

/** One submission and what was said about it, as the API shows it: without the task token. */
export const approval = z
  .object({
    hash: z.string(),
    submission: z.int(),
    submittedBy: z.string(),
    submittedMs: z.int(),
    expiresMs: z.int(),
    levels: z.array(
      z.object({
        name: z.string(),
        roles: z.optional(z.array(z.enum(ROLES))),
        people: z.optional(z.array(z.string())),
        quorum: z.int(),
        mayRepeat: z.optional(z.literal(true)),
        /** Until the audience is counted: it is asked unless that is smaller. */
        ifLargerThan: z.optional(z.int()),
      }),
    ),
    /** Who may not decide for having written its template. */
    writers: z.array(z.string()),
    /** People in the audience, once they were counted. */
    audience: z.optional(z.int()),
    /** Index of the level that is waited for. */
    level: z.int(),
    votes: z.array(z.object({ level: z.int(), ...decision })),
    remindSeconds: z.optional(z.int()),
    toldMs: z.int(),
    reminders: z.int(),
    decision: z.optional(z.object({ outcome: z.enum(['approved', 'rejected', 'expired']), ...decision })),
    /** It was approved at `sinceMs`, and is not in force yet, because of `reason`: it is tried again, for a day. */
    notInForce: z.optional(z.object({ sinceMs: z.int(), reason: z.string() })),
    revoked: z.optional(z.object({ by: z.string(), atMs: z.int(), reason: z.string() })),
  })
  .register(z.globalRegistry, { id: 'Approval' });

/** Seconds after which nobody needs to decide any more. Absent: seven days. */
export const expirySeconds = z.optional(z.int().check(z.minimum(60), z.maximum(30 * 86_400)));

export const pastSubmission = z.object({
  hash: z.string(),
  submission: z.int(),
  outcome: z.enum(['approved', 'revoked', 'rejected', 'expired', 'withdrawn']),
});
