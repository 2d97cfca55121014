import { PROBLEMS, type ProblemType } from '../../core/access/problems.ts';

/** Where in the body, or query, something is wrong. `path` is like `channelPolicy.0`; '' is the whole; `line` is of a text, from 1. */
export type FieldError = { path: string; message: string; line?: number };

/**
 * Members beside the standard ones: `errors`, or what the slug's documentation names. `retryAfter`, in seconds, is also
 * the header Retry-After.
 */
export type ProblemExtra = { errors?: FieldError[]; retryAfter?: number } & Record<string, unknown>;

/** An error that the caller is told, as application/problem+json (RFC 9457). Throw it from an operation. */
export class Problem extends Error {
  override name = 'Problem';
  readonly type: ProblemType;
  readonly extra: ProblemExtra;

  constructor(type: ProblemType, detail: string, extra: ProblemExtra = {}) {
    super(detail);
    this.type = type;
    this.extra = extra;
  }

  get status(): number {
    return PROBLEMS[this.type].status;
  }
}

/** The problem as a response of the HTTP API. `instance` names the request, so that support finds its log lines. */
export const problemResponse = (problem: Problem, requestId: string) => ({
  statusCode: problem.status,
  headers: {
    'content-type': 'application/problem+json',
    ...(problem.extra.retryAfter !== undefined && { 'retry-after': String(problem.extra.retryAfter) }),
  },
  body: JSON.stringify({
    type: `/problems/${problem.type}`,
    title: PROBLEMS[problem.type].title,
    status: problem.status,
    detail: problem.message,
    instance: `/requests/${requestId}`,
    ...problem.extra,
  }),
});
