import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { WindowState } from '../../core/event/window.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

type WindowKey = { profileId: string; triggerId: string };

/** Window states, one item per person and window trigger. */
export const windows = (table: string) => ({
  /** Strongly consistent. */
  async get({ profileId, triggerId }: WindowKey): Promise<WindowState | undefined> {
    const { Item } = await dynamo.send(
      new GetItemCommand({
        TableName: table,
        Key: { profileId: { S: profileId }, triggerId: { S: triggerId } },
        ConsistentRead: true,
      }),
    );
    if (!Item) return undefined;
    return { ...(JSON.parse(Item.body?.S ?? '{}') as Omit<WindowState, 'version'>), version: Number(Item.version?.N) };
  },

  /** Writes version `state.version + 1`. False when somebody else wrote first: read again and decide again. */
  async save({ profileId, triggerId }: WindowKey, { version, ...body }: WindowState): Promise<boolean> {
    try {
      await dynamo.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            profileId: { S: profileId },
            triggerId: { S: triggerId },
            version: { N: String(version + 1) },
            body: { S: JSON.stringify(body) },
          },
          ConditionExpression: version === 0 ? 'attribute_not_exists(profileId)' : 'version = :version',
          ...(version > 0 && { ExpressionAttributeValues: { ':version': { N: String(version) } } }),
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  },
});
export type Windows = ReturnType<typeof windows>;
