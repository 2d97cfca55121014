import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import { PROBLEMS, type ProblemType } from './problems.ts';
import { ROLES } from './role.ts';
import type { Route } from './route.ts';

const PROBLEM_JSON = 'application/problem+json';

const problem = z
  .object({
    type: z.string().meta({ description: 'URI reference `/problems/<slug>`', example: '/problems/version-conflict' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: 'Names the request: tell it to the operator' }),
    errors: z
      .array(z.looseObject({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'What is wrong, field by field' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

/** Answers of every route, by who may call it and what it takes. */
const commonProblems = (route: Route): ProblemType[] => [
  ...(typeof route.roles === 'string' ? [] : (['forbidden-role'] as const)),
  ...(route.body ? (['malformed-json', 'invalid-body'] as const) : []),
  ...(route.query ? (['invalid-query'] as const) : []),
  ...(route.create ? (['invalid-header', 'request-in-progress', 'idempotency-key-reused'] as const) : []),
  'internal-error',
  'unavailable',
];

const security = ({ roles }: Route) =>
  roles === 'public' ? [] : roles === 'source-key' ? [{ sourceKey: [] }] : [{ signIn: [] }];

/** Problems by status, each with the slugs that it may have. */
const problemResponses = (route: Route) => {
  const slugs = [...new Set([...commonProblems(route), ...route.errors])];
  const statuses = [...new Set(slugs.map((slug) => PROBLEMS[slug].status))].sort();
  return Object.fromEntries(
    statuses.map((status) => {
      const here = slugs.filter((slug) => PROBLEMS[slug].status === status);
      const description = here.map((slug) => `\`${slug}\`: ${PROBLEMS[slug].title}`).join('; ');
      return [`${status}` as const, { description, content: { [PROBLEM_JSON]: { schema: problem } } }];
    }),
  );
};

/** Who is not signed in is refused by the gateway, before Herald sees the call. */
const UNAUTHORIZED = {
  description: 'The token is missing, wrong or expired',
  content: { 'application/json': { schema: z.object({ message: z.string() }) } },
};

const operationOf = (route: Route): ZodOpenApiOperationObject => {
  const { operationId, summary, description, roles, body, query, success, example, path, handler } = route;
  const params = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const who = Array.isArray(roles) ? `Roles: ${roles.join(', ')}.` : '';
  const text = [description, who].filter(Boolean).join('\n\n');
  return {
    operationId,
    summary,
    ...(text && { description: text }),
    tags: [handler.slice(0, handler.indexOf('/'))],
    security: security(route),
    ...((params.length > 0 || query || route.create) && {
      requestParams: {
        ...(params.length > 0 && { path: z.object(Object.fromEntries(params.map((name) => [name, z.string()]))) }),
        ...(query && { query: query as unknown as z.ZodObject }),
        ...(route.create && { header: z.object({ 'Idempotency-Key': idempotencyKey.optional() }) }),
      },
    }),
    ...(body && {
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: body as unknown as z.ZodType, ...(example !== undefined && { example }) },
        },
      },
    }),
    responses: {
      [`${success.status}`]: {
        description: success.description,
        ...(success.status === 201 && { headers: z.object({ Location: z.string() }) }),
        ...(success.schema && { content: { 'application/json': { schema: success.schema as unknown as z.ZodType } } }),
      },
      ...(Array.isArray(roles) && { '401': UNAUTHORIZED }),
      ...problemResponses(route),
    },
  };
};

const idempotencyKey = z.string().min(1).max(200).meta({
  description:
    'A repeated call with the same key and body, within a day, gets the first answer again and creates nothing',
});

/** The API as an OpenAPI 3.1 document, made from the route table: what is not in the table is not in the API. */
export const openApiOf = (routes: readonly Route[]) => {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.0',
    info: {
      title: 'Herald',
      version: '1',
      description: `Whom to reach, with what plan, through which channel, and what it achieved. Roles: ${ROLES.join(', ')}. Errors are problem+json (RFC 9457); their slugs are documented with each route.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ handler }) => handler.slice(0, handler.indexOf('/'))))].map((name) => ({ name })),
    components: {
      securitySchemes: {
        signIn: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Token of the Cognito user pool' },
        sourceKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'API key of a source' },
      },
    },
    paths,
  };
  return createDocument(document, { override: ({ jsonSchema }) => plain(jsonSchema) });
};

/** Leaves out what says nothing: the bounds of every safe integer, and patterns that repeat a format. */
const plain = (schema: { minimum?: number; maximum?: number; format?: string; pattern?: string }) => {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.format !== undefined) delete schema.pattern;
};
