import { describe, expect, test } from 'vitest';
import { openApiOf } from '../../../core/access/openapi.ts';
import { PROBLEMS } from '../../../core/access/problems.ts';
import { routes } from '../../../core/access/routes.ts';

type Schema = { $ref?: string } & Record<string, unknown>;
type Content = Record<string, { schema: Schema; example?: unknown }>;
type Operation = {
  operationId: string;
  security: Record<string, unknown[]>[];
  tags: string[];
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content?: Content; headers?: object }>;
};
// As a client gets it: through JSON.
const document = JSON.parse(JSON.stringify(openApiOf(routes))) as {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, unknown> };
  tags: { name: string }[];
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: operation.operationId, path, method, operation })),
);

/** Every object in the document, with where it is. */
const walk = (value: unknown, at: string, visit: (value: Record<string, unknown>, at: string) => void): void => {
  if (Array.isArray(value)) for (const [n, item] of value.entries()) walk(item, `${at}/${n}`, visit);
  else if (value !== null && typeof value === 'object') {
    visit(value as Record<string, unknown>, at);
    for (const [name, member] of Object.entries(value)) walk(member, `${at}/${name}`, visit);
  }
};

test('it is OpenAPI 3.1 with what the specification requires', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(document.info).toMatchObject({ title: 'Herald', version: expect.any(String) });
  expect(Object.keys(document.components.securitySchemes).sort()).toEqual(['signIn', 'sourceKey']);
});

test('every route is an operation, and nothing else is', () => {
  const listed = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort();
  expect(listed).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
});

test('every reference leads somewhere', () => {
  walk(document, '#', (value, at) => {
    if (typeof value.$ref !== 'string') return;
    const target = value.$ref
      .slice(2)
      .split('/')
      .reduce<unknown>((node, name) => (node as Record<string, unknown>)?.[name], document);
    expect(target, `${at} → ${value.$ref}`).toBeDefined();
  });
});

describe.each(operations)('$name', ({ path, operation }) => {
  const route = routes.find(({ operationId }) => operationId === operation.operationId)!;

  test('declares each parameter of its path, and no other', () => {
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    expect(inPath.every(({ required }) => required)).toBe(true);
  });

  test('says who may call it', () => {
    const scheme = operation.security[0] && Object.keys(operation.security[0])[0];
    expect(scheme).toBe(route.roles === 'public' ? undefined : route.roles === 'source-key' ? 'sourceKey' : 'signIn');
    expect(document.tags.map(({ name }) => name)).toContain(operation.tags[0]);
  });

  test('has its success, its errors, and its key', () => {
    expect(operation.responses[route.success.status]?.description).toBe(route.success.description);
    for (const slug of route.errors) {
      const response = operation.responses[PROBLEMS[slug].status];
      expect(response?.description).toContain(`\`${slug}\``);
      expect(response?.content?.['application/problem+json']?.schema).toEqual({ $ref: '#/components/schemas/Problem' });
    }
    const header = (operation.parameters ?? []).find(({ name }) => name === 'Idempotency-Key');
    expect(header !== undefined).toBe(route.create === true);
  });

  test('describes its body with an example', () => {
    const json = operation.requestBody?.content['application/json'];
    expect(json !== undefined).toBe(route.body !== undefined);
    if (!route.body) return;
    expect(json?.schema).toEqual(expect.any(Object));
    expect(json?.example).toEqual(route.example);
  });
});

test('no schema is empty by accident, and none repeats the bounds of all integers', () => {
  walk(document.paths, '#/paths', (value, at) => {
    expect(value.minimum === Number.MIN_SAFE_INTEGER || value.maximum === Number.MAX_SAFE_INTEGER, at).toBe(false);
  });
});
