import * as z from 'zod/mini';
import { LETTER_KINDS } from '../../delivery/dead-letter.ts';
import { OPERATORS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'delivery/manage-dead-letters';

const redrive = z.object({
  status: z.string(),
  moved: z.int(),
  toMove: z.int(),
  messagesPerSecond: z.optional(z.int()),
  startedMs: z.int(),
  failure: z.optional(z.string()),
});
const queue = z.object({
  queue: z.string(),
  messages: z.int(),
  hidden: z.int(),
  redrive: z.optional(redrive),
});
const letter = z.object({
  id: z.string(),
  kind: z.enum(LETTER_KINDS),
  about: z.string(),
  plan: z.optional(z.object({ kind: z.string(), id: z.string() })),
  sentMs: z.int(),
  expiresMs: z.int(),
  reason: z.object({
    from: z.enum(['receiver', 'letter', 'nobody']),
    error: z.string(),
    message: z.string(),
    atMs: z.optional(z.int()),
  }),
  redriveBy: z.enum(['queue', 'function', 'state-machine', 'nothing']),
});

/** Ids that this list has shown, each once. */
const messageIds = z.array(z.string().check(z.minLength(1), z.maxLength(100))).check(
  z.minLength(1),
  z.maxLength(100),
  z.refine((ids) => new Set(ids).size === ids.length, 'Each id once'),
);
const remaining = z.int();

export const routes = [
  {
    operationId: 'listDeadLetterQueues',
    method: 'GET',
    path: '/v1/dead-letters',
    summary: 'List the dead-letter queues with what is in them',
    description:
      'Counts are SQS’s approximate ones, `hidden` of messages that somebody looks at just now. `redrive` is the latest move of all messages of a queue.',
    handler,
    roles: OPERATORS,
    success: { status: 200, schema: z.object({ items: z.array(queue) }), description: 'All dead-letter queues' },
    errors: [],
  },
  {
    operationId: 'listDeadLetters',
    method: 'GET',
    path: '/v1/dead-letters/{queue}',
    summary: 'Look at messages of a dead-letter queue, and why they are there',
    description:
      'A queue cannot be paged through: of one that holds more than `limit`, a look shows some, and the next look may show others. `about` names nobody. `reason.from` says who knows: the receiver that failed, the message itself, or nobody, when the receiver was cut off.',
    handler,
    roles: OPERATORS,
    query: z.strictObject({
      limit: z._default(z.coerce.number().check(z.multipleOf(1), z.minimum(1), z.maximum(100)), 20),
    }),
    success: {
      status: 200,
      schema: z.object({ items: z.array(letter), remaining }),
      description: 'Some messages, and how many there are about',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'getDeadLetter',
    method: 'GET',
    path: '/v1/dead-letters/{queue}/messages/{messageId}',
    summary: 'Read a dead letter with its payload',
    description: 'The payload holds what the message held: ids, addresses and events of people.',
    handler,
    roles: ['admin'],
    success: {
      status: 200,
      schema: z.extend(letter, { payload: z.string() }),
      description: 'The message; `payload` is its body as text',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'redriveDeadLetters',
    method: 'POST',
    path: '/v1/dead-letters/{queue}/redrive',
    summary: 'Have dead letters done again, at a bounded rate',
    description:
      'With `messageIds` those, within this call; without, all: SQS moves the messages of a queue in the background, at most so many a second, and `GET /v1/dead-letters` shows how far it is. Invocations and schedules that failed (`bus`, `held-messages`) are asked for again within the call, as many as fit into 15 seconds, 1,000 at most; repeat it while some remain. Everything that receives messages knows what it has done before, so repeating is harmless: nobody gets a message twice.',
    handler,
    roles: OPERATORS,
    body: z.strictObject({
      messageIds: z.optional(messageIds),
      messagesPerSecond: z._default(z.int().check(z.minimum(1), z.maximum(500)), 50),
    }),
    example: { messagesPerSecond: 20 },
    success: {
      status: 202,
      schema: z.object({
        redriven: z.int(),
        missing: z.optional(z.array(z.string())),
        kept: z.optional(z.array(z.object({ id: z.string(), why: z.string() }))),
        remaining,
        redrive: z.optional(redrive),
      }),
      description:
        'How many went within this call, which ids were not found (or not reached at that rate) or could not go, and the move that SQS has begun or has under way',
    },
    errors: ['not-found', 'state-conflict'],
  },
  {
    operationId: 'cancelRedrive',
    method: 'POST',
    path: '/v1/dead-letters/{queue}/cancel-redrive',
    summary: 'Stop a move of all messages of a queue',
    description: 'What has been moved stays moved. Repeating it is harmless.',
    handler,
    roles: OPERATORS,
    success: { status: 200, schema: queue, description: 'The queue as it now is' },
    errors: ['not-found'],
  },
  {
    operationId: 'discardDeadLetters',
    method: 'POST',
    path: '/v1/dead-letters/{queue}/discard',
    summary: 'Delete dead letters for good, and say why',
    description:
      'Give `messageIds`, or `all: true`, which discards up to 1,000 a call, also those that nobody has looked at; repeat it while some remain. What each was about, who discarded it and why is in the audit log (`subject=dead-letters/<queue>`) before it is deleted. Recipients of a campaign’s batch that is discarded stay without outcome, and the campaign does not end by itself.',
    handler,
    roles: OPERATORS,
    body: z
      .strictObject({
        messageIds: z.optional(messageIds),
        all: z.optional(z.literal(true)),
        reason: z.string().check(z.minLength(1), z.maxLength(500), z.regex(/\S/, 'Say why')),
      })
      .check(
        z.refine(({ messageIds, all }) => (messageIds === undefined) === (all === true), 'Give messageIds or all'),
      ),
    example: { messageIds: ['0f8fad5b-d9cb-469f-a165-70867728950e'], reason: 'A test event of ours' },
    success: {
      status: 200,
      schema: z.object({ discarded: z.int(), missing: z.optional(z.array(z.string())), remaining }),
      description: 'How many are gone, and which ids were not found',
    },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
