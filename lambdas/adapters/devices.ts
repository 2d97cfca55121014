import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** An app registers its device when it starts: what has not been seen for so long is forgotten. */
const KEPT_SECONDS = 400 * 86_400;

const keyOf = (deviceId: string) => ({ deviceId: { S: deviceId } });

/** The devices table: whose a device is now, one item each. The profile has the token itself. */
export const devices = (table: string) => {
  const unlessRefused = async (write: Promise<unknown>): Promise<boolean> => {
    try {
      await write;
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  };

  return {
    /** Strongly consistent. */
    async ownerOf(deviceId: string): Promise<string | undefined> {
      const { Item } = await dynamo.send(
        new GetItemCommand({ TableName: table, Key: keyOf(deviceId), ConsistentRead: true }),
      );
      return Item?.profileId?.S;
    },

    /** Makes it this person's, if it is still `owner`'s (undefined: nobody's). False when it is somebody else's by now. */
    claim: (deviceId: string, profileId: string, owner: string | undefined, nowMs: number): Promise<boolean> =>
      unlessRefused(
        dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: {
              ...keyOf(deviceId),
              profileId: { S: profileId },
              expiresAt: { N: String(Math.floor(nowMs / 1_000) + KEPT_SECONDS) },
            },
            ConditionExpression: owner === undefined ? 'attribute_not_exists(deviceId)' : 'profileId = :owner',
            ...(owner !== undefined && { ExpressionAttributeValues: { ':owner': { S: owner } } }),
          }),
        ),
      ),

    /** Forgets whose it is, provided that it is this person's. */
    release: (deviceId: string, profileId: string): Promise<boolean> =>
      unlessRefused(
        dynamo.send(
          new DeleteItemCommand({
            TableName: table,
            Key: keyOf(deviceId),
            ConditionExpression: 'profileId = :person',
            ExpressionAttributeValues: { ':person': { S: profileId } },
          }),
        ),
      ),
  };
};
export type Devices = ReturnType<typeof devices>;
