import { DeleteItemCommand, QueryCommand, type QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { dynamo, isConditionFailure } from './dynamo.ts';

/**
 * The aliases that are linked to a profile, by an index of the identities table that follows it by a second or so: whoever
 * must have all of them looks again later.
 */
export const aliasesOf = async (table: string, profileId: string): Promise<string[]> => {
  const found: string[] = [];
  let from: QueryCommandOutput['LastEvaluatedKey'];
  do {
    const page: QueryCommandOutput = await dynamo.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'by-profile',
        KeyConditionExpression: 'profileId = :person',
        ExpressionAttributeValues: { ':person': { S: profileId } },
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    for (const { alias } of page.Items ?? []) if (alias?.S) found.push(alias.S);
    from = page.LastEvaluatedKey;
  } while (from);
  return found.sort();
};

/** Deletes a link, provided that it is this person's. */
export const forgetLink = async (table: string, alias: string, profileId: string): Promise<void> => {
  try {
    await dynamo.send(
      new DeleteItemCommand({
        TableName: table,
        Key: { alias: { S: alias } },
        ConditionExpression: 'attribute_not_exists(alias) OR profileId = :person',
        ExpressionAttributeValues: { ':person': { S: profileId } },
      }),
    );
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
  }
};
