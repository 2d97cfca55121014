import * as z from 'zod/mini';

const count = z.int();

export const participant = z.object({
  profileId: z.string(),
  journeyId: z.string(),
  entry: count,
  hash: z.string(),
  state: z.enum(['inside', 'over']),
  node: z.string(),
  enteredMs: count,
  waits: z.optional(z.object({ dueMs: count, why: z.string() })),
  end: z.optional(z.object({ reason: z.string(), detail: z.optional(z.string()), atMs: count })),
  goals: z.record(z.string(), count),
  arms: z.record(z.string(), z.string()),
  steps: z.array(z.object({ step: count, node: z.string(), way: z.string(), atMs: count })),
});

export const simulated = z.object({
  steps: z.array(
    z.object({
      ...{ step: count, node: z.string(), kind: z.string(), way: z.string(), why: z.string() },
      atMs: count,
      /** The step in English. */
      text: z.string(),
    }),
  ),
  /** Why they do not enter. */
  refused: z.optional(z.string()),
  rests: z.optional(z.object({ node: z.string(), dueMs: count, why: z.string() })),
  end: z.optional(z.object({ reason: z.string(), detail: z.optional(z.string()), atMs: count })),
  /** True: there is more than is told. */
  isCut: z.optional(z.boolean()),
});
