import type middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { mayCall, rolesOf } from '../../core/access/claims.ts';
import type { Route } from '../../core/access/route.ts';
import type { ApiEvent, RoutedEvent } from './api.ts';
import { Problem } from './problem.ts';

/**
 * Finds the route by its key (`POST /v1/campaigns`) and lets pass whom its roles allow. Runs before anything of the
 * request is read, so that nobody learns from an error what they may not see.
 */
export const requireRole = (
  routes: ReadonlyMap<string, Route>,
): middy.MiddlewareObj<ApiEvent, APIGatewayProxyStructuredResultV2> => ({
  before: ({ event }) => {
    const route = routes.get(event.routeKey);
    if (!route) throw new Error(`No route ${event.routeKey} in this handler`);
    (event as RoutedEvent).route = route;
    if (typeof route.roles === 'string') return;
    const roles = rolesOf(event.requestContext.authorizer?.jwt?.claims['cognito:groups']);
    if (!mayCall(route.roles, roles)) {
      throw new Problem('forbidden-role', `${route.operationId} needs one of: ${route.roles.join(', ')}`);
    }
  },
});
