import type * as z from 'zod/mini';
import type { ProblemType } from './problems.ts';
import type { Role } from './role.ts';

/**
 * One route of the API. CDK makes the gateway's routes from these, the middleware enforces roles and parses bodies by
 * them, OpenAPI is generated from them. Tables are written `[...] as const satisfies readonly Route[]`.
 */
export type Route = {
  operationId: string;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** As API Gateway writes it: `/v1/campaigns/{campaignId}`. */
  path: `/v1/${string}`;
  /** One line in the imperative: what a call does. */
  summary: string;
  /** More than one line when the summary does not say it all (Markdown). */
  description?: string;
  /** Entry file below lambdas/, without extension: `strategy/manage-campaigns`. */
  handler: `${string}/${string}`;
  /** Any of these roles; `public`: nobody signs in; `source-key`: an app's API key in the header `x-api-key`. */
  roles: readonly Role[] | 'public' | 'source-key';
  body?: z.ZodMiniType;
  /** The body is a form of a page (`application/x-www-form-urlencoded`): each of its names has a list of texts. */
  form?: true;
  /** A strict object whose members take strings. */
  query?: z.ZodMiniType;
  /** `type` is what it answers instead of JSON. */
  success: {
    status: 200 | 201 | 202 | 204 | 302;
    schema?: z.ZodMiniType;
    type?: 'text/html' | 'image/gif' | 'image/*';
    description: string;
  };
  /** An example body, checked against `body` by a test and shown in the documentation. */
  example?: unknown;
  /** The call makes a thing, so the header `Idempotency-Key` is honoured. */
  create?: true;
  /** What it may answer besides the errors that every route has. */
  errors: readonly ProblemType[];
};

/** Names of the path's parameters: `/v1/a/{b}/c/{d}` → 'b' | 'd'. */
export type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;
