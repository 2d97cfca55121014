import * as z from 'zod/mini';
import { preFlight } from '../../strategy/pre-flight/pre-flight.ts';
import { READERS } from '../role.ts';
import type { Route } from '../route.ts';

export const routes = [
  {
    operationId: 'preFlightCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/pre-flight',
    summary: 'Say what a campaign would do',
    description:
      'Of one that has not begun, as it would be if nothing changed before it does; of one that repeats, the next time. The audience is counted exactly over the lake (about a minute behind). Everything else is asked of 1,000 of its people, or all, as they are now: `sample.exact` says which, and `low` and `high` are the bounds of what that says of all, with 95 % confidence. `channels` is whom each channel could reach (address, consent, suppression), `caps` whom frequency caps would keep it from, `quietHours` whose night it would be, `expected` what becomes of all, `cost` by the prices in the delivery settings, `duration` at the rates and the speed, `conflicts` other campaigns that begin within 12 hours of it for the same topic or the same people, and triggers and journeys of the topic. Duplicate content, providers that refuse, and whom an event sends it to meanwhile are not foreseen. The answer is kept with the submission, or the draft; asking again replaces it. `{state: "running"}`: call it again to wait on. A query that would read more than one query may is stopped.',
    handler: 'strategy/check-campaigns',
    roles: READERS,
    body: z.strictObject({}),
    example: {},
    success: { status: 200, schema: preFlight, description: 'The summary, or that it is still being made' },
    errors: ['not-found', 'state-conflict', 'invalid-reference', 'invalid-segment', 'scan-limit'],
  },
] as const satisfies readonly Route[];
