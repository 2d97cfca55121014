import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * One client per Lambda environment. Region, credentials and endpoint come from the runtime's environment. Nobody changes
 * its middleware, so it is put together once per kind of command and not for each of a million writes.
 */
export const dynamo = new DynamoDBClient({ maxAttempts: 5, cacheMiddleware: true });

/** True for the error of a failed ConditionExpression, which is an answer, not a fault. */
export const isConditionFailure = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ConditionalCheckFailedException';
