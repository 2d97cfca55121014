import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Profile } from '../../core/audience/profile.ts';
import type { SendMessage, SnapshotRow } from '../../core/delivery/messages.ts';
import { dynamo } from './dynamo.ts';
import { readObject } from './objects.ts';

/**
 * The recipients of a send message, in order: a byte range of a snapshot part, or the profile that an event named.
 * Undefined is a person without a profile. Throws when a part does not hold what the pointer says.
 */
export const recipients =
  ({ bucket, profilesTable }: { bucket: string; profilesTable: string }) =>
  async (message: SendMessage): Promise<(SnapshotRow | undefined)[]> => {
    if (message.kind === 'direct') return [await profileOf(profilesTable, message.profileId)];
    const { part, offset, bytes, count } = message;
    const response = await readObject(bucket, part, [offset, offset + bytes - 1]);
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    if (lines.length !== count) throw new Error(`${part} has ${lines.length} recipients at ${offset}, not ${count}`);
    return lines.map((line) => JSON.parse(line) as SnapshotRow);
  };

/** Strongly consistent: an event may arrive in the same moment as the profile that it is about. */
export const profileOf = async (table: string, profileId: string): Promise<SnapshotRow | undefined> => {
  const { Item } = await dynamo.send(
    new GetItemCommand({ TableName: table, Key: { profileId: { S: profileId } }, ConsistentRead: true }),
  );
  if (!Item?.body?.S) return undefined;
  const { email, phone, pushToken, timeZone, locale, attributes } = JSON.parse(Item.body.S) as Profile;
  return {
    profileId,
    ...(email && { email }),
    ...(phone && { phone }),
    ...(pushToken && { pushToken }),
    ...(timeZone && { timeZone }),
    ...(locale && { locale }),
    attributes,
  };
};
