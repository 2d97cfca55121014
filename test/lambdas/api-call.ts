import type { Context } from 'aws-lambda';
import type { Role } from '../../core/access/role.ts';
import type { ApiEvent, ApiLambda } from '../../lambdas/middleware/api.ts';

export type Call = {
  /** `POST /v1/campaigns/{campaignId}/approve` */
  route: string;
  params?: Record<string, string>;
  query?: Record<string, string>;
  /** Objects are sent as JSON, text as it is. */
  body?: unknown;
  as?: { sub: string; groups: Role[] };
  headers?: Record<string, string>;
};
export const marketer = { sub: 'mia', groups: ['marketer'] as Role[] };
export const approver = { sub: 'ada', groups: ['approver'] as Role[] };

let count = 0;

/** Calls an API handler as API Gateway does (payload 2.0), array claims as the text `[a b]` included. */
export const call = async (
  handler: ApiLambda,
  { route, params, query, body, as = marketer, headers = {} }: Call,
): Promise<{ status: number; headers: Record<string, string>; body: unknown }> => {
  const [method, path] = route.split(' ');
  count += 1;
  const event = {
    version: '2.0',
    routeKey: route,
    rawPath: path,
    headers,
    pathParameters: params,
    queryStringParameters: query,
    body: typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: {
      requestId: `request-${count}`,
      http: { method, path },
      authorizer: { jwt: { claims: { sub: as.sub, 'cognito:groups': `[${as.groups.join(' ')}]` }, scopes: [] } },
    },
  } as unknown as ApiEvent;
  const context = {
    getRemainingTimeInMillis: () => 15_000,
    functionName: 'test',
    awsRequestId: 'x',
  } as unknown as Context;
  const reply = await handler(event, context);
  return {
    status: reply.statusCode ?? 0,
    headers: (reply.headers ?? {}) as Record<string, string>,
    body: reply.body === undefined ? undefined : JSON.parse(reply.body),
  };
};
