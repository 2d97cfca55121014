import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamo, isConditionFailure } from './dynamo.ts';
import { queryAll } from './query-all.ts';

/**
 * The aliases that are linked to a profile, by an index of the identities table that follows it by a second or so: whoever
 * must have all of them looks again later.
 */
export const aliasesOf = async (table: string, profileId: string): Promise<string[]> => {
  const found = await queryAll({
    TableName: table,
    IndexName: 'by-profile',
    KeyConditionExpression: 'profileId = :person',
    ExpressionAttributeValues: { ':person': { S: profileId } },
  });
  return found.flatMap(({ alias }) => alias?.S ?? []).sort();
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
