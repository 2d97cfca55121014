/**
 * Every error that the API answers: slug → HTTP status and title. The one table: the middleware answers from it, OpenAPI
 * and the docs are made from it. `type` of a problem is `/problems/<slug>` (RFC 9457, relative to the API's address).
 */
export const PROBLEMS = {
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'invalid-body': { status: 400, title: 'The body does not have the documented form' },
  'invalid-query': { status: 400, title: 'The query does not have the documented form' },
  'invalid-header': { status: 400, title: 'A header does not have the documented form' },
  'too-many-events': { status: 400, title: 'More events than one call may carry' },
  'invalid-source-key': { status: 401, title: 'The API key is missing, wrong or revoked' },
  'forbidden-role': { status: 403, title: 'None of your roles may do this' },
  'forbidden-source': { status: 403, title: 'The app is not one of those that may do this' },
  'own-approval': { status: 403, title: 'Nobody approves their own work' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'version-conflict': { status: 409, title: 'Somebody else changed it first' },
  'state-conflict': { status: 409, title: 'Its state does not allow this' },
  'in-use': { status: 409, title: 'Something still uses it' },
  'alias-taken': { status: 409, title: 'The id belongs to somebody else' },
  'person-erased': { status: 409, title: 'The person was erased not long ago' },
  'needs-approval': { status: 409, title: 'More people have to say yes first' },
  'already-decided': { status: 409, title: 'The approval already has another decision' },
  'approval-not-ready': { status: 409, title: 'The approval is still being opened; try again in a moment' },
  'request-in-progress': { status: 409, title: 'A request with this Idempotency-Key is still running' },
  'body-too-large': { status: 413, title: 'The body is larger than this route takes' },
  'idempotency-key-reused': { status: 422, title: 'This Idempotency-Key was used with another body' },
  'invalid-template': { status: 422, title: 'The template is not valid Liquid' },
  'template-too-costly': { status: 422, title: 'Rendering the template takes more than it may' },
  'no-approver': { status: 422, title: 'Nobody could approve it' },
  'invalid-reference': { status: 422, title: 'It refers to something that does not exist or does not fit' },
  'unusable-file': { status: 422, title: 'The file cannot be imported' },
  'invalid-parameters': { status: 422, title: 'The parameters do not fit this playbook' },
  'invalid-segment': { status: 422, title: 'The segment cannot be evaluated' },
  'scan-limit': { status: 422, title: 'It reads more of the lake than one query may' },
  'rate-limited': { status: 429, title: 'Too many requests; slow down' },
  'internal-error': { status: 500, title: 'Something broke on our side' },
  unavailable: { status: 503, title: 'A part that this needs does not answer; try again' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemType = keyof typeof PROBLEMS;
