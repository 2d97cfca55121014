import * as z from 'zod/mini';
import { eventType } from '../../event/event.ts';
import { instant } from '../../measurement/period.ts';
import { PROFILE_READERS, READERS } from '../role.ts';
import type { Route } from '../route.ts';
import { decision, sampleRatio, variantFigures } from './experiment-views.ts';
import { journeyExperiment } from './journey-experiment-view.ts';

const handler = 'measurement/read-reports';
const count = z.int();
const counts = z.record(z.string(), count);
const figures = { people: count, messages: count };
const rate = z.optional(z.number());
/** People, and those of whom a machine was noticed, by what it was. */
const heard = z.object({ people: count, machines: counts });

/** Every report says what it counts, when it was counted, and how much of the lake was read for it. */
const report = <T extends Record<string, z.core.$ZodType>>(members: T) =>
  z.object({ ...members, definition: z.string(), asOf: z.iso.datetime(), scannedBytes: count });
const queryId = z.optional(z.string().check(z.minLength(1), z.maxLength(128)));
const period = { from: instant, to: instant, queryId };

const said = z.object({ consent: z.string(), given: z.boolean(), imported: z.boolean(), atMs: count });

const SPAN = '`from` and `to` are days (midnight UTC) or instants; `to` is excluded.';
const FRESHNESS =
  'What happened is in the lake about a minute later; `asOf` says when it was counted, at most once a minute. A count that takes long is answered with 503 `unavailable`, a `Retry-After` header and a `queryId`: repeat the call with that `queryId` to wait on for the same count.';

/** People, by what they did. */
const deeds = z.object({ sent: count, opened: count, clicked: count });

export const routes = [
  {
    operationId: 'reportCampaign',
    method: 'GET',
    path: '/v1/campaigns/{campaignId}/report',
    summary: 'Report what became of a campaign',
    description: `All zeros before it runs. Of a campaign that repeats over all of its runs, the newest 1,000; each run has a report of its own. ${FRESHNESS}`,
    handler,
    roles: READERS,
    query: z.strictObject({ queryId }),
    success: {
      status: 200,
      schema: report({
        recipients: count,
        sent: count,
        byChannel: counts,
        skipped: counts,
        failed: counts,
        moved: z.record(z.string(), counts),
        delivered: counts,
        complained: counts,
        bounced: z.record(z.string(), counts),
        failedLater: z.record(z.string(), counts),
        opened: heard,
        clicked: heard,
        links: z.array(z.object({ link: z.string(), people: count })),
        sendTime: z.optional(z.object({ chosen: deeds, chance: deeds })),
        variants: z.optional(variantFigures),
        sampleRatio: z.optional(sampleRatio),
        decision: z.optional(decision),
      }),
      description:
        'Recipients, sent by channel, not sent by reason; what became of the messages; opened and clicked, people and machines apart',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'reportJourney',
    method: 'GET',
    path: '/v1/journeys/{journeyId}/report',
    summary: 'Report who is where in a journey, and which ways were taken',
    description: `Of all its versions together. ${FRESHNESS}`,
    handler,
    roles: READERS,
    query: z.strictObject({ queryId }),
    success: {
      status: 200,
      schema: report({
        entered: count,
        heldOut: count,
        inside: count,
        ended: counts,
        goals: counts,
        nodes: z.record(z.string(), z.object({ kind: z.string(), entered: count, inside: count, left: counts })),
        /** Of the version in force, as they were counted last; absent where there are none. */
        experiments: z.optional(z.array(journeyExperiment)),
      }),
      description: 'Entries, ends by reason, goals; by node how many came, rest there, and left by which way',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'explainParticipant',
    method: 'GET',
    path: '/v1/journeys/{journeyId}/participants/{profileId}/steps',
    summary: 'Read every step of somebody in a journey, and why they took it',
    description: `Of each time that they entered, the oldest first. What became of a message tells \`GET /v1/profiles/{profileId}/why\`. ${FRESHNESS}`,
    handler,
    roles: PROFILE_READERS,
    query: z.strictObject({ queryId }),
    success: {
      status: 200,
      schema: report({
        profileId: z.string(),
        journeyId: z.string(),
        entries: z.array(
          z.object({
            entry: count,
            steps: z.array(
              z.object({
                ...{ step: count, version: z.string(), node: z.string(), kind: z.string(), way: z.string() },
                ...{ why: z.string(), atMs: count, text: z.string(), firing: z.optional(z.string()) },
              }),
            ),
          }),
        ),
      }),
      description: 'Entries with their steps; none: nothing is known of them in this journey',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'reportReach',
    method: 'GET',
    path: '/v1/reports/reach',
    summary: 'Report how many people were reached',
    description: `${SPAN} ${FRESHNESS}`,
    handler,
    roles: READERS,
    query: z.strictObject(period),
    success: {
      status: 200,
      schema: report({ ...figures, byChannel: z.record(z.string(), z.object(figures)) }),
      description: 'People and messages, together and by channel',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'reportRepurchase',
    method: 'GET',
    path: '/v1/reports/repurchase',
    summary: 'Report how many buyers came back',
    description: `${SPAN} ${FRESHNESS}`,
    handler,
    roles: READERS,
    query: z.strictObject({
      ...period,
      eventType: z._default(eventType, 'purchase'),
      withinDays: z._default(z.coerce.number().check(z.multipleOf(1), z.minimum(1), z.maximum(3_650)), 90),
    }),
    success: {
      status: 200,
      schema: report({
        buyers: count,
        purchases: count,
        repeatBuyers: count,
        repeatRate: rate,
        repeatedWithin: count,
        rateWithin: rate,
      }),
      description: 'Buyers, repeat buyers, and their shares',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'explainPerson',
    method: 'GET',
    path: '/v1/profiles/{profileId}/why',
    summary: 'Explain why a person got the messages of a plan, or did not',
    description: `\`plan\` is \`campaign/<id>\`, \`trigger/<id>\` or \`journey/<id>\`. Every decision about the person in that plan, the oldest first: channel, reason, in words what would have had to be otherwise, and the consent that had been given by then. \`contact\` is what the gate would find now. Of a campaign that repeats it is its newest run, or the \`run\` of that number. Whether somebody is in an audience tells \`POST /v1/segments/explain\`. ${FRESHNESS}`,
    handler,
    roles: PROFILE_READERS,
    query: z.strictObject({
      plan: z
        .string()
        .check(z.regex(/^(campaign|trigger|journey)\/[^/]{1,128}$/, 'campaign/<id>, trigger/<id> or journey/<id>')),
      run: z.optional(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(1_000_000))),
      queryId,
    }),
    success: {
      status: 200,
      schema: report({
        profileId: z.string(),
        plan: z.string(),
        /** Of one that repeats: which run is told of; absent: none has begun. */
        run: z.optional(z.object({ id: z.string(), number: count })),
        topic: z.string(),
        text: z.string(),
        decisions: z.array(
          z.object({
            atMs: count,
            channel: z.string(),
            outcome: z.string(),
            reason: z.string(),
            final: z.boolean(),
            runId: z.string(),
            eventId: z.optional(z.string()),
            text: z.string(),
            otherwise: z.optional(z.string()),
            consent: z.object({ said: z.array(said), allowed: z.boolean() }),
          }),
        ),
        consents: z.array(said),
        contact: z.object({
          consents: z.record(z.string(), z.boolean()),
          suppressed: z.record(z.string(), z.object({ reason: z.string(), atMs: count })),
          touches: z.array(count),
        }),
      }),
      description: 'What was decided, and from what',
    },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
