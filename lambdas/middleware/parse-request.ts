import type middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { ulid } from 'ulid';
import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { rolesOf } from '../../core/access/claims.ts';
import type { ProblemType } from '../../core/access/problems.ts';
import type { ApiEvent, RoutedEvent } from './api.ts';
import { type FieldError, Problem } from './problem.ts';

// zod/mini brings no words of its own. One locale is 3 KB; `z.locales` would bundle all of them, 264 KB.
z.config(en());

/** Reads body and query by the route's schemas and puts the typed request on the event. */
export const parseRequest = (): middy.MiddlewareObj<ApiEvent, APIGatewayProxyStructuredResultV2> => ({
  before: ({ event }) => {
    const { route, source } = event as RoutedEvent;
    const claims = event.requestContext.authorizer?.jwt?.claims ?? {};
    const { body, query, form } = route;
    const nowMs = Date.now();
    (event as RoutedEvent).request = {
      actor: source?.id ?? String(claims.sub ?? ''),
      roles: rolesOf(claims['cognito:groups']),
      ...(source && { source }),
      params: paramsOf(event, route),
      query: query ? parse('invalid-query', query, event.queryStringParameters ?? {}) : {},
      body: body && parse('invalid-body', body, form ? formOf(event) : jsonOf(event)),
      headers: event.headers,
      nowMs,
      newId: ulid(nowMs),
      requestId: event.requestContext.requestId,
    } as RoutedEvent['request'];
  },
});

/** DynamoDB takes no longer keys, and so gives no longer ids. What people bring from a message is no id, but a sealed token. */
const MAX_PARAM_BYTES = 1_024;

const paramsOf = (event: ApiEvent, { roles }: RoutedEvent['route']): Record<string, string> => {
  const params = (event.pathParameters ?? {}) as Record<string, string>;
  if (roles === 'public') return params;
  const [long] = Object.entries(params).find(([, value]) => Buffer.byteLength(value) > MAX_PARAM_BYTES) ?? [];
  if (long !== undefined) throw new Problem('not-found', `No ${long} has more than ${MAX_PARAM_BYTES} bytes`);
  return params;
};

const textOf = ({ body = '', isBase64Encoded }: ApiEvent): string =>
  isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;

/** The values of each name, in order. */
const formOf = (event: ApiEvent): Record<string, string[]> => {
  const values = new URLSearchParams(textOf(event));
  return Object.fromEntries([...new Set(values.keys())].map((name) => [name, values.getAll(name)]));
};

/** An empty body counts as `{}`: then the answer names the fields that are missing. */
const jsonOf = (event: ApiEvent): unknown => {
  const text = textOf(event);
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Problem('malformed-json', (error as Error).message);
  }
  // Schemas of free names leave such a member out; the caller would not be told that it is lost.
  const path = /__proto__|\\u/.test(text) ? forbiddenMember(value) : undefined;
  if (path !== undefined) {
    const message = 'No member may be called __proto__';
    throw new Problem('invalid-body', `${path}: ${message}`, { errors: [{ path, message }] });
  }
  return value;
};

/** Path of a member called `__proto__`, if there is one. No recursion: JSON may be nested to any depth. */
const forbiddenMember = (body: unknown): string | undefined => {
  const open = [{ value: body, path: '' }];
  for (let at = open.pop(); at; at = open.pop()) {
    if (typeof at.value !== 'object' || at.value === null) continue;
    for (const [key, value] of Object.entries(at.value)) {
      const path = at.path ? `${at.path}.${key}` : key;
      if (key === '__proto__') return path;
      open.push({ value, path });
    }
  }
  return undefined;
};

/** An answer tells so many errors; a hostile body may have a million. */
const MAX_ERRORS = 50;

const parse = (type: ProblemType, schema: z.ZodMiniType, value: unknown): unknown => {
  const result = judge(type, schema, value);
  if (result.success) return result.data;
  const errors = fieldErrors(result.error.issues).slice(0, MAX_ERRORS);
  throw new Problem(type, errors.map(({ path, message }) => `${path || '(whole)'}: ${message}`).join('; '), { errors });
};

/** JSON.parse takes any depth, but schemas of free JSON walk it by recursion. */
const judge = (type: ProblemType, schema: z.ZodMiniType, value: unknown) => {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (error instanceof RangeError) throw new Problem(type, 'It is nested too deeply');
    throw error;
  }
};

/** What is wrong where, in words. */
export const fieldErrors = (issues: readonly z.core.$ZodIssue[]): FieldError[] =>
  issues.flatMap((issue) => explain(issue, []).errors);

type Explanation = { errors: FieldError[]; faults: number };
/** `strangers`: members that the option does not know at all. */
type Option = Explanation & { strangers: number };

/**
 * Zod says `Unrecognized key` on the object; a caller wants to read the key's own path. Of a union it says nothing but
 * that no option fits; the caller reads what those options have in common that know most of the members that are there, and
 * among them those with the fewest faults.
 */
const explain = (issue: z.core.$ZodIssue, above: PropertyKey[]): Explanation => {
  const at = [...above, ...issue.path];
  const path = at.join('.');
  if (issue.code === 'unrecognized_keys') {
    const errors = issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, message: 'Unknown field' }));
    return { errors, faults: errors.length };
  }
  const options = issue.code === 'invalid_union' ? issue.errors.map((option) => optionOf(option, at)) : [];
  const strangers = Math.min(...options.map((option) => option.strangers));
  const meant = options.filter((option) => option.strangers === strangers);
  const faults = Math.min(...meant.map((option) => option.faults));
  const [first, ...others] = meant.filter((option) => option.faults === faults);
  const shared = first?.errors.filter((error) => others.every(({ errors }) => errors.some(sameAs(error)))) ?? [];
  if (shared.length > 0) return { errors: shared, faults };
  return { errors: [{ path, message: issue.message }], faults: first ? faults : 1 };
};

const optionOf = (issues: readonly z.core.$ZodIssue[], above: PropertyKey[]): Option => {
  const parts = issues.map((issue) => explain(issue, above));
  return {
    errors: parts.flatMap(({ errors }) => errors),
    faults: parts.reduce((sum, part) => sum + part.faults, 0),
    strangers: issues.reduce(
      (sum, it) => sum + (it.code === 'unrecognized_keys' && it.path.length === 0 ? it.keys.length : 0),
      0,
    ),
  };
};

const sameAs = (one: FieldError) => (other: FieldError) => one.path === other.path && one.message === other.message;
