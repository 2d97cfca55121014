import type middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Source } from '../../core/access/source.ts';
import type { SourceOf } from '../adapters/sources.ts';
import type { ApiEvent, RoutedEvent } from './api.ts';
import { Problem } from './problem.ts';

/** Throws 401 for a key that opens nothing, and does not say why. */
export const authenticated = async (sourceOf: SourceOf, key: string | undefined): Promise<Source> => {
  const source = await sourceOf(key);
  if (!source) throw new Problem('invalid-source-key', 'Send the API key of a source in the header x-api-key');
  return source;
};

/** Lets an app pass that has the key of a source, on the routes that want one. */
export const requireSource = (
  sourceOf: SourceOf,
): middy.MiddlewareObj<ApiEvent, APIGatewayProxyStructuredResultV2> => ({
  before: async ({ event }) => {
    const routed = event as RoutedEvent;
    if (routed.route.roles !== 'source-key') return;
    routed.source = await authenticated(sourceOf, event.headers['x-api-key']);
  },
});
