import * as z from 'zod/mini';
import { peopleRefWith, SAY_WHOM } from '../../audience/people-ref.ts';
import { CHANNELS, LANES } from '../../delivery/channel.ts';
import { READERS } from '../role.ts';
import type { Route } from '../route.ts';
import { profile } from './profiles.ts';

const count = z.int();
const share = z.number();
const topic = z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,31}$/));

const reach = z.object({ reachable: count, optedOut: count, notAsked: count, noAddress: count });

export const routes = [
  {
    operationId: 'previewSegment',
    method: 'POST',
    path: '/v1/segments/preview',
    summary: 'Count who is in a segment, a list or a set expression, and who of them can be reached',
    description:
      'Counted exactly, over what is in the lake (about a minute behind). For a set expression also how many people every two of its operands have in common. `reach` asks for the consents to `topic` (without it, to the channel) in the lane; suppressions are not in the lake. The same question is answered from an earlier answer that is at most `maxAgeSeconds` old (a minute if not said, which is how far the lake is behind anyway; `asOf` is its time). When it takes long, the answer is `{state: "running", previewId}`: send `{previewId}` to the same route to wait on. A query that would read more than `scanLimitBytes` is stopped.',
    handler: 'audience/preview-audience',
    roles: READERS,
    body: z.union(
      [
        ...peopleRefWith({
          topic: z.optional(topic),
          lane: z._default(z.enum(LANES), 'promotional'),
          maxAgeSeconds: z._default(z.int().check(z.minimum(0), z.maximum(3_600)), 60),
        }),
        z.strictObject({ previewId: z.string().check(z.maxLength(128)) }),
      ],
      `${SAY_WHOM}, or the previewId of a preview that runs`,
    ),
    example: { audience: { difference: [{ list: '01JXVIP' }, { segment: '01JXRECENTBUYERS' }] }, topic: 'offers' },
    success: {
      status: 200,
      schema: z.union([
        z.object({
          state: z.literal('done'),
          previewId: z.string(),
          /** What was asked, in English, with the rules of the segments that it refers to. */
          text: z.string(),
          size: count,
          /** People altogether. */
          of: count,
          share,
          exact: z.literal(true),
          asOf: z.string(),
          /** The answer is an earlier one. */
          reused: z.boolean(),
          scannedBytes: count,
          scanLimitBytes: count,
          /** Who can be reached on at least one channel. */
          reachable: count,
          reach: z.object(Object.fromEntries(CHANNELS.map((channel) => [channel, reach]))),
          overlap: z.array(z.array(count)),
          sample: z.optional(z.array(profile)),
        }),
        z.object({ state: z.literal('running'), previewId: z.string() }),
      ]),
      description: 'The figures, or how to wait for them',
    },
    errors: ['not-found', 'invalid-reference', 'invalid-segment', 'scan-limit'],
  },
] as const satisfies readonly Route[];
