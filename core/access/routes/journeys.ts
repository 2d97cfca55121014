import * as z from 'zod/mini';
import { MAX_EVENT_BYTES } from '../../event/chunk.ts';
import { personId } from '../../event/event.ts';
import { journeyInput } from '../../strategy/journey/journey-input.ts';
import { INSIDE } from '../../strategy/journey/live-journey.ts';
import { simulationInput } from '../../strategy/journey/simulation-input.ts';
import { listQuery, pageOf } from '../page.ts';
import { APPROVERS, PROFILE_READERS, READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { expirySeconds } from './approval-views.ts';
import { journey } from './journey-view.ts';
import { participant, simulated } from './participant-views.ts';

const handler = 'strategy/manage-journeys';
/** Whoever runs it may stop it, without waiting for anybody. */
const STOPPERS = [...WRITERS, 'operator'] as const;
const version = z.int().check(z.minimum(1));
const reason = z.string().check(z.minLength(1), z.maxLength(2_000));
/** As for events, of which they become one. */
const properties = z
  .record(z.string(), z.json())
  .check(
    z.refine(
      (value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_EVENT_BYTES,
      `At most ${MAX_EVENT_BYTES} bytes of JSON`,
    ),
  );
const entering = z.strictObject({ profileId: personId, properties: z.optional(properties) });

const defect = z.object({ path: z.string(), code: z.string(), message: z.string() });

const publication = {
  version,
  hash: z.optional(z.string().check(z.maxLength(64))),
  inside: z._default(z.enum(INSIDE), 'finish'),
};

export const exampleJourney = {
  name: 'Welcome',
  topic: 'welcome',
  entry: { event: { eventType: 'account.created' } },
  start: 'hello',
  nodes: {
    hello: { kind: 'message', templateId: '01JD0000000000000000000000', channelPolicy: ['email'], next: 'first-order' },
    'first-order': {
      kind: 'wait-for-event',
      events: [{ event: { eventType: 'order.placed' }, next: 'done' }],
      within: { days: 3 },
      onTimeout: 'reminder',
    },
    reminder: { kind: 'message', templateId: '01JD0000000000000000000001', channelPolicy: ['sms'], next: 'done' },
    done: { kind: 'exit' },
  },
} as const;

export const routes = [
  {
    operationId: 'createJourney',
    method: 'POST',
    path: '/v1/journeys',
    summary: 'Write a journey',
    description:
      'A graph that each participant walks: see docs/journeys.md. It is a draft until somebody else publishes it, and may be incomplete: `validate` names every defect.',
    handler,
    roles: WRITERS,
    body: journeyInput,
    example: exampleJourney,
    create: true,
    success: { status: 201, schema: journey, description: 'The journey, as a draft' },
    errors: [],
  },
  {
    operationId: 'listJourneys',
    method: 'GET',
    path: '/v1/journeys',
    summary: 'List journeys, newest first',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(journey), description: 'A page of journeys' },
    errors: [],
  },
  {
    operationId: 'getJourney',
    method: 'GET',
    path: '/v1/journeys/{journeyId}',
    summary: 'Read a journey, and what runs of it',
    handler,
    roles: READERS,
    success: { status: 200, schema: journey, description: 'The journey' },
    errors: ['not-found'],
  },
  {
    operationId: 'updateJourney',
    method: 'PUT',
    path: '/v1/journeys/{journeyId}',
    summary: 'Change a journey',
    description: 'It is a draft again. What was published runs on as it was, until the change is published.',
    handler,
    roles: WRITERS,
    body: z.extend(journeyInput, { version }),
    example: { ...exampleJourney, version: 1 },
    success: { status: 200, schema: journey, description: 'The changed journey, as a draft' },
    errors: ['not-found', 'version-conflict'],
  },
  {
    operationId: 'validateJourney',
    method: 'POST',
    path: '/v1/journeys/{journeyId}/validate',
    summary: 'Name every defect of a journey',
    description: 'Without any, `hash` names the version that would be published now, templates as they are included.',
    handler,
    roles: READERS,
    body: z.strictObject({}),
    example: {},
    success: {
      status: 200,
      schema: z.object({ defects: z.array(defect), hash: z.optional(z.string()) }),
      description: 'All defects; none: it may be published',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'simulateJourney',
    method: 'POST',
    path: '/v1/journeys/{journeyId}/simulate',
    summary: 'Let somebody walk through a journey on a chosen clock',
    description:
      'As it is now written, whether it runs or not: a stored profile (`profileId`) or one made up here (`profile`), who enter at `startsAt` and do what `events` say. It is the code that moves participants which decides; every step says why. Nothing is sent and nothing is stored. Turns at throttles are free at once.',
    handler,
    roles: PROFILE_READERS,
    body: simulationInput,
    example: {
      profile: { timeZone: 'Europe/Paris', attributes: { city: 'Paris' } },
      startsAt: '2026-12-01T09:00:00+01:00',
      events: [{ after: { days: 1 }, type: 'order.placed', properties: { total: 50 } }],
    },
    success: { status: 200, schema: simulated, description: 'The walk' },
    errors: ['not-found', 'invalid-reference'],
  },
  {
    operationId: 'submitJourney',
    method: 'POST',
    path: '/v1/journeys/{journeyId}/submit',
    summary: 'Ask for approval of a journey',
    description:
      'Freezes the journey with its templates as they are now, and what becomes of those inside. When everybody whom the settings ask has said yes (`POST /v1/approvals/journey/{journeyId}/approve`), it is published. Any edit makes it a draft again; what runs goes on as it was. Nobody having decided after `expirySeconds` (seven days when absent), it is a draft again. Submitting again what waits is harmless.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ ...publication, expirySeconds }),
    example: { version: 1, inside: 'move' },
    success: { status: 200, schema: journey, description: 'The journey, in review' },
    errors: ['not-found', 'invalid-reference', 'version-conflict', 'state-conflict', 'no-approver'],
  },
  {
    operationId: 'publishJourney',
    method: 'POST',
    path: '/v1/journeys/{journeyId}/publish',
    summary: 'Have people walk a journey as it is now written',
    description:
      'By another person than those who wrote it, or its templates, which are frozen with it; give the `hash` that `validate` has told you, and another content is refused. It acts within 10 seconds. `inside` says what becomes of those who are inside of an older version: they `finish` that (if not said), `move` to this one when they leave their node, or `exit`. Where the settings ask for more people than you, it has to be submitted (`needs-approval`).',
    handler,
    roles: APPROVERS,
    body: z.strictObject(publication),
    example: { version: 1, inside: 'move' },
    success: { status: 200, schema: journey, description: 'The journey, live' },
    errors: [
      'not-found',
      'own-approval',
      'needs-approval',
      'no-approver',
      'invalid-reference',
      'version-conflict',
      'state-conflict',
    ],
  },
  {
    operationId: 'pauseJourney',
    method: 'POST',
    path: '/v1/journeys/{journeyId}/pause',
    summary: 'Stop a journey for a while',
    description:
      'Nobody enters or goes on; messages that no provider has yet wait. Goals and exits count. What is due, or awaited and has come, happens when it is resumed. Messages wait for 60 days at most.',
    handler,
    roles: STOPPERS,
    body: z.strictObject({ reason }),
    example: { reason: 'A wrong price in the second message' },
    success: { status: 200, schema: journey, description: 'The paused journey' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'resumeJourney',
    method: 'POST',
    path: '/v1/journeys/{journeyId}/resume',
    summary: 'Go on with a paused journey',
    handler,
    roles: STOPPERS,
    body: z.strictObject({}),
    example: {},
    success: { status: 200, schema: journey, description: 'The journey, live' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'stopJourney',
    method: 'POST',
    path: '/v1/journeys/{journeyId}/stop',
    summary: 'End a journey for good',
    description: 'Everybody inside leaves, and no message of it goes out any more.',
    handler,
    roles: STOPPERS,
    body: z.strictObject({ reason }),
    example: { reason: 'The offer has ended' },
    success: { status: 200, schema: journey, description: 'The stopped journey' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'enterJourney',
    method: 'POST',
    path: '/v1/journeys/{journeyId}/participants',
    summary: 'Put somebody into a journey',
    description:
      'Of journeys whose entry is `{api: true}`. `properties` are those of the event that they enter with. Whether they enter is decided within seconds, by the rules of re-entry and holdouts: read the participant.',
    handler,
    roles: WRITERS,
    body: entering,
    example: { profileId: 'ada', properties: { plan: 'gold' } },
    create: true,
    success: { status: 201, schema: z.object({ eventId: z.string() }), description: 'They are on their way in' },
    errors: ['not-found', 'state-conflict', 'invalid-reference', 'person-erased'],
  },
  {
    operationId: 'enterJourneyAsApp',
    method: 'POST',
    path: '/v1/journeys/{journeyId}/entries',
    summary: 'Put somebody into a journey, as an app',
    description:
      'The same for your app’s server, with the API key of its source, if the journey’s entry is `{api: true, sources}` and names that source. A call counts as one event of the limit of the source. Repeated with its `Idempotency-Key` it lets in once.',
    handler,
    roles: 'source-key',
    body: entering,
    example: { profileId: 'ada', properties: { plan: 'gold' } },
    create: true,
    success: { status: 201, schema: z.object({ eventId: z.string() }), description: 'They are on their way in' },
    errors: [
      'invalid-source-key',
      'forbidden-source',
      'not-found',
      'state-conflict',
      'invalid-reference',
      'person-erased',
      'rate-limited',
    ],
  },
  {
    operationId: 'listParticipants',
    method: 'GET',
    path: '/v1/journeys/{journeyId}/participants',
    summary: 'List those inside a journey, by id',
    description: 'About a second behind.',
    handler,
    roles: PROFILE_READERS,
    query: listQuery,
    success: {
      status: 200,
      schema: pageOf(z.object({ profileId: z.string() })),
      description: 'A page of participants',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'getParticipant',
    method: 'GET',
    path: '/v1/journeys/{journeyId}/participants/{profileId}',
    summary: 'Read where somebody is in a journey, and how they came there',
    description: 'Of their last participation, with its newest 12 steps.',
    handler,
    roles: PROFILE_READERS,
    success: { status: 200, schema: participant, description: 'The participant' },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
