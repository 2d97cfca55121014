import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { channelOf } from '../../core/audience/import-consents.ts';
import { CONSENT, consentUpdate } from './contacts.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** How an import writes consents to the contacts table; apart from contacts.ts, of which every sender has a copy. */
export const consentGrants =
  (table: string) =>
  /**
   * What an import has `heard` (core/audience/import-consents.ts). False, and nothing is written, when one of its yeses no
   * longer counts because the person has said something in between: read again and hear again.
   */
  async (profileId: string, consents: Record<string, boolean>): Promise<boolean> => {
    const entries = Object.entries(consents);
    if (entries.length === 0) return true;
    const { ExpressionAttributeNames, ExpressionAttributeValues, ...update } = consentUpdate(consents);
    const yes = entries.flatMap(([key, given], n) => (given ? [{ key, n }] : []));
    const topics = yes.filter(({ key }) => key.includes('/'));
    const conditions = [
      ...yes.map(({ n }) => `attribute_not_exists(#c${n})`),
      ...topics.map(({ n }) => `(attribute_not_exists(#ch${n}) OR #ch${n} = :yes)`),
    ];
    try {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { profileId: { S: profileId } },
          ...update,
          ...(conditions.length > 0 && { ConditionExpression: conditions.join(' AND ') }),
          ExpressionAttributeNames: {
            ...ExpressionAttributeNames,
            ...Object.fromEntries(topics.map(({ key, n }) => [`#ch${n}`, CONSENT + channelOf(key)])),
          },
          ExpressionAttributeValues: {
            ...ExpressionAttributeValues,
            ...(topics.length > 0 && { ':yes': { BOOL: true } }),
          },
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  };
export type ConsentGrants = ReturnType<typeof consentGrants>;
