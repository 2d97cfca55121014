import middy from '@middy/core';
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type * as z from 'zod/mini';
import type { Role } from '../../core/access/role.ts';
import type { ParamNames, Route } from '../../core/access/route.ts';
import type { Source } from '../../core/access/source.ts';
import type { FirstUse } from '../adapters/idempotency.ts';
import type { SourceOf } from '../adapters/sources.ts';
import { answerProblems } from './answer-problems.ts';
import { parseRequest } from './parse-request.ts';
import { Problem } from './problem.ts';
import { requireRole } from './require-role.ts';
import { requireSource } from './require-source.ts';

/** What an operation gets: who asks, and the parts of the request as the route's schemas type them. */
export type ApiRequest<R extends Route = Route> = {
  /** Claim `sub` of the person who signed in, or the id of the source whose key it is; '' on public routes. */
  actor: string;
  roles: readonly Role[];
  /** Whose key it is, on routes for apps. */
  source?: Source;
  params: { [Name in ParamNames<R['path']>]: string };
  query: R extends { query: infer Q extends z.ZodMiniType } ? z.infer<Q> : Record<never, never>;
  body: R extends { body: infer B extends z.ZodMiniType } ? z.infer<B> : undefined;
  /** Names in lower case. */
  headers: Record<string, string | undefined>;
  nowMs: number;
  /** ULID for the thing that the operation makes. A repeat of a call with an Idempotency-Key has the same. */
  newId: string;
  requestId: string;
};

/** A page or an image, for people. `status` where it is not the route's success: a page says in its own words what is wrong. */
export type ApiDocument = { type: string; content: string | Uint8Array; status?: number };

/** What an operation answers: `body` as JSON, or a document. The status is the route's success status. */
export type ApiResponse = { body?: unknown; document?: ApiDocument; headers?: Record<string, string> };

type RouteOf<Routes extends readonly Route[], Handler extends string> = Extract<Routes[number], { handler: Handler }>;

/** One function per route of the handler: a missing or unknown operation does not compile. */
export type Operations<Routes extends readonly Route[], Handler extends string> = {
  [Id in RouteOf<Routes, Handler>['operationId']]: (
    request: ApiRequest<Extract<Routes[number], { operationId: Id }>>,
  ) => Promise<ApiResponse>;
};

/** What API Gateway sends (payload format 2.0), and what the middlewares add on the way to the operation. */
export type ApiEvent = APIGatewayProxyEventV2WithJWTAuthorizer;
export type RoutedEvent = ApiEvent & { route: Route; source?: Source; request: ApiRequest };
export type ApiLambda = (event: ApiEvent, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

/**
 * The Lambda handler of all routes that name `handler`. It finds the route by API Gateway's route key, checks the role,
 * or the source's key, parses body and query by the route's schemas, honours `Idempotency-Key` on routes that create (hence the table), and
 * turns every error into application/problem+json.
 */
export const apiHandler = <const Routes extends readonly Route[], Handler extends Routes[number]['handler']>(
  handler: Handler,
  routes: Routes,
  operations: Operations<Routes, Handler>,
  idempotencyTable?: string,
  sourceOf?: SourceOf,
): ApiLambda => {
  const own = new Map(routes.filter((route) => route.handler === handler).map((r) => [`${r.method} ${r.path}`, r]));
  if (idempotencyTable === undefined && [...own.values()].some(({ create }: Route) => create)) {
    throw new Error(`${handler} creates, so it needs an idempotency table`);
  }
  if (sourceOf === undefined && [...own.values()].some(({ roles }: Route) => roles === 'source-key')) {
    throw new Error(`${handler} is for sources, so it must know their keys`);
  }
  // Loaded at the first call that brings a key: 30 KB that most calls, and whole handlers, do without.
  const loadOnce = async (table: string) => (await import('../adapters/idempotency.ts')).onceIn(table);
  let once: ReturnType<typeof loadOnce> | undefined;
  const run = operations as unknown as Record<string, (request: ApiRequest) => Promise<ApiResponse>>;

  const answer = async ({ route, request }: RoutedEvent, context: Context) => {
    const operation = run[route.operationId] as (request: ApiRequest) => Promise<ApiResponse>;
    const act = async (first?: FirstUse) => responseOf(route, await operation({ ...request, ...first }));
    const key = route.create ? request.headers['idempotency-key'] : undefined;
    if (key === undefined) return act();
    if (key.length < 1 || key.length > 200) {
      throw new Problem('invalid-header', 'Idempotency-Key must have 1 to 200 characters');
    }
    const scope = { route: `${route.method} ${route.path}`, actor: request.actor, key };
    once ??= loadOnce(idempotencyTable as string);
    const result = await (await once)(scope, { params: request.params, body: request.body }, context, act);
    if (result.kind === 'answer') return result.answer;
    throw result.kind === 'in-progress'
      ? new Problem('request-in-progress', 'Repeat it in a moment to get its answer')
      : new Problem('idempotency-key-reused', 'Use a new key for a new request, or repeat the first body');
  };

  // Errors of all later steps are answered by the first one: middy runs onError in reverse order of `use`.
  return middy<ApiEvent, APIGatewayProxyStructuredResultV2>()
    .use(answerProblems())
    .use(requireRole(own))
    .use(sourceOf ? requireSource(sourceOf) : [])
    .use(parseRequest())
    .handler(answer as never) as unknown as ApiLambda;
};

const responseOf = (route: Route, { body, document, headers = {} }: ApiResponse): APIGatewayProxyStructuredResultV2 => {
  if (document) return documentOf(route, document, headers);
  return jsonOf(route, body, headers);
};

const documentOf = (
  { method, success }: Route,
  { type, content, status }: ApiDocument,
  headers: Record<string, string>,
): APIGatewayProxyStructuredResultV2 => ({
  statusCode: status ?? success.status,
  headers: { 'content-type': type, ...headers },
  ...(method !== 'HEAD' &&
    (typeof content === 'string'
      ? { body: content }
      : { body: Buffer.from(content).toString('base64'), isBase64Encoded: true })),
});

const jsonOf = (route: Route, body: unknown, headers: Record<string, string>): APIGatewayProxyStructuredResultV2 => ({
  statusCode: route.success.status,
  headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  ...(body !== undefined && { body: JSON.stringify(body) }),
});
