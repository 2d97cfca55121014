import * as z from 'zod/mini';
import { peopleRefWith, SAY_WHOM } from '../../audience/people-ref.ts';
import { PROFILE_READERS } from '../role.ts';
import type { Route } from '../route.ts';

type Shown = {
  node: string;
  holds: boolean;
  parts?: Shown[] | undefined;
  asked?: string | undefined;
  found?: string | undefined;
};
const explanation: z.ZodMiniType<Shown, Shown> = z.lazy(() =>
  z.object({
    node: z.enum(['all', 'any', 'not', 'condition']),
    holds: z.boolean(),
    /** Of all, any and not. */
    parts: z.optional(z.array(explanation)),
    /** What a condition asks, and what was found about the person. */
    asked: z.optional(z.string()),
    found: z.optional(z.string()),
  }),
);

export const routes = [
  {
    operationId: 'explainSegment',
    method: 'POST',
    path: '/v1/segments/explain',
    summary: 'Explain why a person is in a segment, a list or a set expression, or is not',
    description:
      'Each part with whether it holds, what it asks, and what was found about the person. Profile, consents and lists are those of this moment; events are those of the lake, about a minute behind, the newest 5,000 (`complete` says whether those are all).',
    handler: 'audience/explain-membership',
    roles: PROFILE_READERS,
    body: z.union(peopleRefWith({ profileId: z.string().check(z.minLength(1), z.maxLength(128)) }), SAY_WHOM),
    example: { segmentId: '01JXLAPSED', profileId: 'ada' },
    success: {
      status: 200,
      schema: z.object({
        profileId: z.string(),
        member: z.boolean(),
        /** What was asked, in English. */
        text: z.string(),
        explanation,
        asOf: z.string(),
        /** Absent when no event is asked for. */
        events: z.optional(z.object({ count: z.int(), complete: z.boolean(), scannedBytes: z.int() })),
      }),
      description: 'Whether the person is in it, and why',
    },
    errors: ['not-found', 'invalid-reference', 'invalid-segment', 'scan-limit'],
  },
] as const satisfies readonly Route[];
