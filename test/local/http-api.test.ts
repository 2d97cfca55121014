import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { httpApi } from '../../local/http-api.ts';
import { AUDIENCE, DEMO_USERS, ISSUER, issuer } from '../../local/issuer.ts';
import { call, create, jsonOf, serviceContext, textOf } from './service-context.ts';

const setUp = () => {
  const world = serviceContext();
  const service = httpApi(world.context);
  const api = create(service, 'AWS::ApiGatewayV2::Api', 'Api', { Name: 'herald', ProtocolType: 'HTTP' }).ref;
  create(service, 'AWS::ApiGatewayV2::Stage', 'Stage', {
    ApiId: api,
    StageName: '$default',
    AutoDeploy: true,
    AccessLogSettings: {},
  });
  const integration = create(service, 'AWS::ApiGatewayV2::Integration', 'Things', {
    ApiId: api,
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: 'arn:aws:lambda:us-east-1:123456789012:function:Things',
    PayloadFormatVersion: '2.0',
  }).ref;
  const authorizer = create(service, 'AWS::ApiGatewayV2::Authorizer', 'Authorizer', {
    ApiId: api,
    AuthorizerType: 'JWT',
    IdentitySource: ['$request.header.Authorization'],
    JwtConfiguration: { Audience: ['herald'], Issuer: 'http://local.herald/issuer' },
    Name: 'jwt',
  }).ref;
  const route = (RouteKey: string, extra: object = {}) =>
    create(service, 'AWS::ApiGatewayV2::Route', RouteKey, {
      ApiId: api,
      RouteKey,
      Target: `integrations/${integration}`,
      AuthorizationType: 'NONE',
      ...extra,
    });
  route('POST /v1/open');
  route('PUT /v1/things/{thingId}/parts/{part}', { AuthorizationType: 'JWT', AuthorizerId: authorizer });
  const events: Record<string, unknown>[] = [];
  world.lambda.answer = (event) => {
    events.push(event as Record<string, unknown>);
    return { ok: true, value: { statusCode: 200, body: 'ok' } };
  };
  return { ...world, service, events, route, people: issuer(world.context) };
};
const PUT = { method: 'PUT', path: '/v1/things/t%201/parts/p?a=1&a=2&b=x%20y' };

describe('the event', () => {
  it('is payload format 2.0', async () => {
    const { service, people, events } = setUp();
    const token = await people.token({ sub: 'mia', name: 'Mia', groups: ['marketer', 'viewer'], expiresInSeconds: 60 });
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      host: 'api.local',
      'user-agent': 'test',
      'x-many': 'one,two',
    };
    const response = await call(service, { ...PUT, headers, body: '{"n":1}' });
    expect([response.status, await textOf(response)]).toEqual([200, 'ok']);
    expect(events).toEqual([
      {
        version: '2.0',
        routeKey: 'PUT /v1/things/{thingId}/parts/{part}',
        rawPath: '/v1/things/t 1/parts/p',
        rawQueryString: 'a=1&a=2&b=x%20y',
        headers,
        queryStringParameters: { a: '1,2', b: 'x y' },
        pathParameters: { thingId: 't 1', part: 'p' },
        requestContext: {
          authorizer: {
            jwt: {
              claims: {
                sub: 'mia',
                name: 'Mia',
                email: 'mia@example.com',
                'cognito:groups': '[marketer viewer]',
                token_use: 'id',
                iss: ISSUER,
                aud: 'herald',
                iat: '1772366400',
                exp: '1772366460',
              },
              scopes: null,
            },
          },
          http: {
            method: 'PUT',
            path: '/v1/things/t 1/parts/p',
            sourceIp: '127.0.0.1',
            userAgent: 'test',
          },
          requestId: expect.any(String),
          routeKey: 'PUT /v1/things/{thingId}/parts/{part}',
          stage: '$default',
          timeEpoch: Date.parse('2026-03-01T12:00:00Z'),
        },
        body: '{"n":1}',
        isBase64Encoded: false,
      },
    ]);
  });

  it('carries no authorizer, body or query where there is none, and bytes as base64', async () => {
    const { service, events } = setUp();
    await call(service, { path: '/v1/open' });
    expect(Object.keys(events[0] ?? {})).toEqual([
      'version',
      'routeKey',
      'rawPath',
      'rawQueryString',
      'headers',
      'requestContext',
      'isBase64Encoded',
    ]);
    await call(service, { path: '/v1/open', headers: { 'content-type': 'image/png' }, body: Buffer.from([255, 0]) });
    expect(events[1]).toMatchObject({ body: '/wA=', isBase64Encoded: true });
  });
});

describe('the response', () => {
  it.each([
    [
      'status, headers and body',
      { statusCode: 201, headers: { 'content-type': 'application/problem+json', location: '/x' }, body: '{}' },
      { status: 201, body: '{}', headers: { 'content-type': 'application/problem+json', location: '/x' } },
    ],
    ['nothing but a status', { statusCode: 204 }, { status: 204, body: '', headers: {} }],
    [
      'a body without a type',
      { statusCode: 200, body: 'a' },
      { headers: { 'content-type': 'text/plain; charset=utf-8' } },
    ],
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }, { status: 500 }],
    ['no status', { body: 'a' }, { status: 500 }],
    ['nothing', null, { status: 500 }],
  ])('of %s', async (_, value, response) => {
    const { service, lambda } = setUp();
    lambda.answer = () => ({ ok: true, value });
    expect(await call(service, { path: '/v1/open' })).toMatchObject(response);
  });
});

describe('errors', () => {
  const status = async (response: ReturnType<typeof call>) => [(await response).status, await jsonOf(response)];

  it('404 without a route, and for another method', async () => {
    const { service } = setUp();
    expect(await status(call(service, { path: '/v1/none' }))).toEqual([404, { message: 'Not Found' }]);
    expect(await status(call(service, { method: 'GET', path: '/v1/open' }))).toEqual([404, { message: 'Not Found' }]);
  });

  it('401 without a valid token', async () => {
    const { service, people, clock, context, events } = setUp();
    const ask = (authorization?: string) =>
      status(call(service, { ...PUT, ...(authorization && { headers: { authorization } }) }));
    const unauthorized = [401, { message: 'Unauthorized' }];
    const token = await people.token({ sub: 'mia', groups: [], expiresInSeconds: 60 });
    expect(await ask()).toEqual(unauthorized);
    expect(await ask('Bearer nonsense')).toEqual(unauthorized);
    expect(await ask(`Bearer ${token.slice(0, -4)}AAAA`)).toEqual(unauthorized);
    const secret = context.store.prepare('SELECT secret FROM issuer').get()?.secret as Uint8Array;
    const signed = (iss: string, aud: string) =>
      new SignJWT({ sub: 'mia' })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(iss)
        .setAudience(aud)
        .setExpirationTime(clock.now() / 1000 + 60)
        .sign(secret);
    expect(await ask(`Bearer ${await signed('http://other', AUDIENCE)}`)).toEqual(unauthorized);
    expect(await ask(`Bearer ${await signed(ISSUER, 'other')}`)).toEqual(unauthorized);
    // The secret survives a restart: another issuer over the same store verifies it.
    expect(await issuer(context).verify(token)).toMatchObject({ sub: 'mia' });
    expect(events).toEqual([]);
    expect((await call(service, { ...PUT, headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    await clock.advance(60_000);
    expect(await ask(`Bearer ${token}`)).toEqual(unauthorized);
  });

  it('413 above 10 MB', async () => {
    const { service } = setUp();
    const body = Buffer.alloc(10 * 1024 * 1024 + 1);
    expect((await call(service, { path: '/v1/open', body })).status).toBe(413);
  });

  it('500 when the function fails', async () => {
    const { service, lambda } = setUp();
    lambda.answer = () => ({ ok: false, errorType: 'Error', errorMessage: 'secret' });
    expect(await status(call(service, { path: '/v1/open' }))).toEqual([500, { message: 'Internal Server Error' }]);
  });
});

it('bills steps of 512 KB', async () => {
  const { service, billed } = setUp();
  await call(service, { path: '/v1/open' });
  await call(service, { path: '/v1/open', body: 'x'.repeat(512 * 1024 + 1) });
  expect(billed()['http-api-request']?.units).toBe(3);
});

it('refuses at boot what it would have to pretend', () => {
  const { service } = setUp();
  const make = (type: string, properties: object) => () =>
    create(service, `AWS::ApiGatewayV2::${type}`, 'X', properties);
  expect(make('Api', { ProtocolType: 'WEBSOCKET' })).toThrow('ProtocolType');
  expect(make('Stage', { StageName: 'v1', AutoDeploy: true })).toThrow('$default');
  expect(make('Integration', { IntegrationType: 'HTTP_PROXY' })).toThrow('AWS_PROXY');
  expect(make('Authorizer', { AuthorizerType: 'REQUEST' })).toThrow('JWT');
  expect(make('Route', { RouteKey: 'GET /x', AuthorizationType: 'AWS_IAM' })).toThrow('AWS_IAM');
  for (const RouteKey of ['$default', 'ANY /x', 'GET /{proxy+}'])
    expect(make('Route', { RouteKey, AuthorizationType: 'NONE' })).toThrow('not a route');
});

it.each([
  ['GET', '/a/fixed', 'GET /a/fixed', undefined],
  ['GET', '/a/7', 'GET /a/{id}', { id: '7' }],
  ['PUT', '/a/fixed', 'PUT /a/{id}', { id: 'fixed' }],
  ['GET', '/a/7/b', 'GET /a/{id}/b', { id: '7' }],
])('%s %s goes to %s', async (method, path, routeKey, pathParameters) => {
  const { service, route, events } = setUp();
  for (const key of ['GET /a/{id}', 'PUT /a/{id}', 'GET /a/fixed', 'GET /a/{id}/b']) route(key);
  expect((await call(service, { method, path })).status).toBe(200);
  expect(events).toMatchObject([{ routeKey, ...(pathParameters && { pathParameters }) }]);
  expect((await call(service, { method, path: '/a/' })).status).toBe(404);
});

it('gives tokens to demo people, and to nobody else', async () => {
  const { people } = setUp();
  for (const { sub, groups } of DEMO_USERS)
    expect(await people.verify((await people.demoToken(sub)) ?? '')).toMatchObject({ sub, 'cognito:groups': groups });
  expect(people.demoToken('nobody')).toBeUndefined();
});
