import { randomUUID } from 'node:crypto';
import { expectProperties, only } from './expect-properties.ts';
import { inboxPages } from './inbox-page.ts';
import { AUDIENCE, ISSUER, issuer } from './issuer.ts';
import type { Context, Service, ServiceRequest, ServiceResponse } from './types.ts';
import { wechat } from './wechat.ts';

const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Requests are billed in steps of this size. */
const BILLED_BYTES = 512 * 1024;

const STAGE_IGNORED = ['AccessLogSettings', 'ApiId', 'DefaultRouteSettings', 'Tags'];
const AUTHORIZER = {
  AuthorizerType: 'JWT',
  IdentitySource: ['$request.header.Authorization'],
  JwtConfiguration: { Audience: [AUDIENCE], Issuer: ISSUER },
};

type Route = { routeKey: string; method: string; path: RegExp; functionArn: string; needsToken: boolean };
type Answer = { statusCode?: number; headers?: Record<string, string>; body?: string; isBase64Encoded?: boolean };

const JSON_TYPE = { 'content-type': 'application/json' };
const refusal = (status: number, message: string) => ({ status, headers: JSON_TYPE, body: { message } });

/** Claims as an HTTP API hands them over: text, arrays as `[a b]`. */
const claimText = (value: unknown): string => (Array.isArray(value) ? `[${value.join(' ')}]` : String(value));

/** What text looks like; anything else, and what is compressed, travels as base64. */
const TEXT = /^(text\/|application\/.*(json|xml|urlencoded)|$)/;

/** What a handler of Herald returns: status, headers and a text, or bytes in base64. */
const responseOf = (value: unknown): ServiceResponse => {
  const { statusCode: status, headers = {}, body = '', isBase64Encoded } = (value ?? {}) as Answer;
  if (!status || typeof body !== 'string') return refusal(500, 'Internal Server Error');
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: isBase64Encoded ? Buffer.from(body, 'base64') : body,
  };
};

/** HTTP API of API Gateway: routes, a JWT authorizer and Lambda integrations of payload format 2.0; the inbox; and WeChat's API. */
export const httpApi = (ctx: Context): Service => {
  const people = issuer(ctx);
  const pages = inboxPages(ctx);
  const official = wechat(ctx);
  const routes: Route[] = [];

  const eventOf = (request: ServiceRequest, body: Buffer, routeKey: string, params?: object, claims?: object) => {
    const { method, path, query, headers, stream } = request;
    const isText = !headers['content-encoding'] && TEXT.test(headers['content-type'] ?? '');
    const isBase64Encoded = body.length > 0 && !isText;
    const joined = [...new Set(query.keys())].map((name) => [name, query.getAll(name).join(',')]);
    const texts = Object.entries(claims ?? {}).map(([name, value]) => [name, claimText(value)]);
    return {
      version: '2.0',
      routeKey,
      rawPath: path,
      rawQueryString: /\?(.*)$/s.exec(stream.url ?? '')?.[1] ?? '',
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(',')])),
      ...(query.size > 0 && { queryStringParameters: Object.fromEntries(joined) }),
      ...(params && { pathParameters: { ...params } }),
      requestContext: {
        ...(claims && { authorizer: { jwt: { claims: Object.fromEntries(texts), scopes: null } } }),
        http: { method, path, sourceIp: stream.socket.remoteAddress, userAgent: headers['user-agent'] },
        requestId: randomUUID(),
        routeKey,
        stage: '$default',
        timeEpoch: ctx.clock.now(),
      },
      ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
      isBase64Encoded,
    };
  };

  const answer = async (request: ServiceRequest): Promise<ServiceResponse> => {
    const { method, path, headers } = request;
    const route = routes.find((one) => one.method === method && one.path.test(path));
    if (!route) return refusal(404, 'Not Found');
    const token = headers.authorization?.replace(/^Bearer /i, '') ?? '';
    const claims = route.needsToken ? await people.verify(token).catch(() => undefined) : undefined;
    if (route.needsToken && !claims) return refusal(401, 'Unauthorized');
    const body = await request.body();
    if (body.length > MAX_BODY_BYTES) return refusal(413, 'Request Too Long');
    const units = Math.max(1, Math.ceil(body.length / BILLED_BYTES));
    ctx.meter.count('http-api-request', units, `http-api:${route.routeKey}`);
    const event = eventOf(request, body, route.routeKey, route.path.exec(path)?.groups, claims);
    const result = await ctx.services.lambda.invoke(route.functionArn, event);
    return responseOf(result.ok ? result.value : undefined);
  };

  return {
    signingName: 'apigateway',
    handle: async (request) => {
      if (request.path.startsWith('/_local/')) return pages(request);
      return request.path.startsWith('/cgi-bin/') ? official(request) : answer(request);
    },
    resources: {
      'AWS::ApiGatewayV2::Api': only({ ProtocolType: 'HTTP' }, ['Name', 'Tags'], ({ logicalId }) => {
        return { ref: logicalId, attributes: { ApiEndpoint: ctx.endpoint() } };
      }),
      'AWS::ApiGatewayV2::Stage': only({ StageName: '$default', AutoDeploy: true }, STAGE_IGNORED),
      'AWS::ApiGatewayV2::Authorizer': only(AUTHORIZER, ['ApiId', 'Name']),
      'AWS::ApiGatewayV2::Integration': {
        supported: ['IntegrationType', 'IntegrationUri', 'PayloadFormatVersion'],
        ignored: ['ApiId'],
        create({ logicalId, properties }) {
          expectProperties(logicalId, properties, { IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0' });
          return { ref: String(properties.IntegrationUri) };
        },
      },
      'AWS::ApiGatewayV2::Route': {
        supported: ['AuthorizationType', 'RouteKey', 'Target'],
        ignored: ['ApiId', 'AuthorizerId'],
        create({ logicalId, properties }) {
          const needsToken = properties.AuthorizationType === 'JWT';
          if (!needsToken) expectProperties(logicalId, properties, { AuthorizationType: 'NONE' });
          const routeKey = String(properties.RouteKey);
          const [, method, path] = /^([A-Z]+) ((?:\/[\w.-]+|\/\{\w+\})+)$/.exec(routeKey) ?? [];
          if (!method || !path || method === 'ANY') throw new Error(`${logicalId}: not a route here: ${routeKey}`);
          const pattern = path.replaceAll('.', '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
          const functionArn = String(properties.Target).replace('integrations/', '');
          routes.push({ routeKey, method, path: new RegExp(`^${pattern}$`), functionArn, needsToken });
          // The first that matches answers: letters sort before `{`, so literal segments come before parameters.
          routes.sort((a, b) => (a.routeKey < b.routeKey ? -1 : 1));
          return { ref: logicalId };
        },
      },
    },
  };
};
