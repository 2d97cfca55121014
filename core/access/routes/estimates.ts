import * as z from 'zod/mini';
import { peopleRefWith, SAY_WHOM } from '../../audience/people-ref.ts';
import { READERS } from '../role.ts';
import type { Route } from '../route.ts';

const count = z.int();

export const routes = [
  {
    operationId: 'estimateSegment',
    method: 'POST',
    path: '/v1/segments/estimate',
    summary: 'Estimate at once how many people a segment, a list or a set expression holds',
    description:
      'From a sample of up to 5,000 people that is drawn at most every six hours, when somebody asks: `asOf` is its time, and what happened since is not in it. The true size (at that time) is between `low` and `high` with 95 % confidence. The first estimate finds no sample and answers `preparing`; try again in a minute. `POST /v1/segments/preview` counts exactly.',
    handler: 'audience/estimate-audience',
    roles: READERS,
    body: z.union(peopleRefWith({}), SAY_WHOM),
    example: { segment: { event: 'purchase', count: { atLeast: 2 } } },
    success: {
      status: 200,
      schema: z.union([
        z.object({
          state: z.literal('done'),
          size: count,
          low: count,
          high: count,
          /** People altogether. */
          of: count,
          share: z.number(),
          exact: z.literal(false),
          sampleSize: count,
          asOf: z.string(),
        }),
        z.object({ state: z.literal('preparing') }),
      ]),
      description: 'The estimate, or that its sample is being drawn',
    },
    errors: ['invalid-reference', 'invalid-segment'],
  },
] as const satisfies readonly Route[];
