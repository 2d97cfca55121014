import type middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ApiEvent } from './api.ts';
import { Problem, problemResponse } from './problem.ts';

/** Errors of AWS that mean "not now": the SDK has retried them already, the caller may try again. */
const NOT_NOW = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TooManyRequestsException',
  'ServiceUnavailable',
  'InternalServerError',
  'TimeoutError',
]);

const problemOf = (error: Error): Problem => {
  if (error instanceof Problem) return error;
  if (error.name === 'VersionConflict')
    return new Problem('version-conflict', 'Read it again, then repeat your change');
  if (NOT_NOW.has(error.name)) return new Problem('unavailable', 'Repeat the request in a moment');
  return new Problem('internal-error', 'Tell the operator the request id in `instance`');
};

/** Turns whatever was thrown into application/problem+json. Only what is our own fault is logged as an error. */
export const answerProblems = (): middy.MiddlewareObj<ApiEvent, APIGatewayProxyStructuredResultV2> => ({
  onError: (request) => {
    const error = request.error as Error;
    const problem = problemOf(error);
    const { requestId } = request.event.requestContext;
    if (problem.status >= 500) {
      console.error({
        message: error.message,
        error: error.name,
        stack: error.stack,
        requestId,
        route: request.event.routeKey,
      });
    }
    request.response = problemResponse(problem, requestId);
  },
});
