import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** One client per Lambda environment. Region, credentials and endpoint come from the runtime's environment. */
export const dynamo = new DynamoDBClient({ maxAttempts: 5 });

/** True for the error of a failed ConditionExpression, which is an answer, not a fault. */
export const isConditionFailure = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ConditionalCheckFailedException';
