import middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Source } from '../../core/access/source.ts';
import { acceptEvents } from '../../core/event/accept.ts';
import { chunkEvents } from '../../core/event/chunk.ts';
import { MAX_EVENTS_PER_CALL } from '../../core/event/event.ts';
import { groupOf } from '../../core/event/group-of.ts';
import { definitions } from '../adapters/definitions.ts';
import { sendAll } from '../adapters/queues.ts';
import { rateLeases } from '../adapters/rate-leases.ts';
import { sources } from '../adapters/sources.ts';
import { answerProblems } from '../middleware/answer-problems.ts';
import type { ApiEvent } from '../middleware/api.ts';
import { Problem, problemResponse } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { authenticated } from '../middleware/require-source.ts';
import { env } from './accept-events.env.ts';

const { DEFINITIONS_TABLE, INTAKE_QUEUE_URL } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const leases = rateLeases(DEFINITIONS_TABLE);
const sourceOf = sources(defs);

/**
 * POST /v1/events: judges each event on its own and answers when the accepted ones are durable in the intake queue.
 * Running it twice is safe: an event id acts once, however often it is queued.
 */
const acceptCall = async (event: ApiEvent): Promise<APIGatewayProxyStructuredResultV2> => {
  const source = await authenticated(sourceOf, event.headers['x-api-key']);
  const values = eventsOf(event);
  const nowMs = Date.now();
  const wait = await leases.take(source.id, values.length, source.eventsPerSecond, nowMs);
  if (wait !== undefined) return rateLimited(source, wait, event.requestContext.requestId);

  const { events, results } = acceptEvents(values, source.id, nowMs);
  const messages = chunkEvents(source.id, nowMs, events);
  await sendAll(
    INTAKE_QUEUE_URL,
    messages.map((body) => ({ body, group: groupOf(source.id) })),
  );
  const accepted = results.filter(({ status }) => status === 'accepted').length;
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ accepted, refused: results.length - accepted, results }),
  };
};

/** The values of `{events: [...]}`, or of a plain list. */
const eventsOf = ({ body = '', isBase64Encoded }: ApiEvent): unknown[] => {
  let value: unknown;
  try {
    value = JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64').toString() : body);
  } catch (error) {
    throw new Problem('malformed-json', (error as Error).message);
  }
  const events = Array.isArray(value) ? value : isEnvelope(value) ? value.events : undefined;
  if (!Array.isArray(events)) throw new Problem('invalid-body', 'Send {"events": [...]}');
  if (events.length === 0) throw new Problem('invalid-body', 'There is no event in the call');
  if (events.length > MAX_EVENTS_PER_CALL) {
    throw new Problem('too-many-events', `${events.length} events; a call carries at most ${MAX_EVENTS_PER_CALL}`);
  }
  return events;
};

const isEnvelope = (value: unknown): value is { events: unknown } =>
  typeof value === 'object' && value !== null && Object.keys(value).join() === 'events';

const rateLimited = ({ id, eventsPerSecond }: Source, wait: number, requestId: string) => {
  const detail = `Source ${id} may send ${eventsPerSecond} events a second`;
  const response = problemResponse(new Problem('rate-limited', detail), requestId);
  return { ...response, headers: { ...response.headers, 'retry-after': String(wait) } };
};

export const handler = middy<ApiEvent, APIGatewayProxyStructuredResultV2>().use(answerProblems()).handler(acceptCall);
