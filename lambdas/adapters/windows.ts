import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { WindowState } from '../../core/event/window.ts';
import { dynamo } from './dynamo.ts';
import { queryAll } from './query-all.ts';
import { putNext } from './versioned.ts';

type WindowKey = { profileId: string; triggerId: string };

/** After the last moment at which a state can matter: clocks differ, and queues give messages back. */
const GRACE_SECONDS = 86_400;

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
    return Item && decode(Item);
  },

  /** All of a person. Strongly consistent. */
  async ofPerson(profileId: string): Promise<{ triggerId: string; state: WindowState }[]> {
    const found = await queryAll({
      TableName: table,
      KeyConditionExpression: 'profileId = :person',
      ExpressionAttributeValues: { ':person': { S: profileId } },
      ConsistentRead: true,
    });
    return found.map((item) => ({ triggerId: item.triggerId?.S ?? '', state: decode(item) }));
  },

  /** Writes version `state.version + 1`. False when somebody else wrote first: read again and decide again. */
  async save({ profileId, triggerId }: WindowKey, { version, expiresMs, ...body }: WindowState): Promise<boolean> {
    const item = {
      profileId: { S: profileId },
      triggerId: { S: triggerId },
      body: { S: JSON.stringify(body) },
      ...(expiresMs !== undefined && { expiresAt: { N: String(Math.ceil(expiresMs / 1_000) + GRACE_SECONDS) } }),
    };
    return putNext(table, item, version);
  },
});
export type Windows = ReturnType<typeof windows>;

const decode = ({ body, version }: Record<string, { S?: string; N?: string }>): WindowState => ({
  ...(JSON.parse(body?.S ?? '{}') as Omit<WindowState, 'version'>),
  version: Number(version?.N),
});
