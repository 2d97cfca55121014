import { type AttributeValue, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Channel } from '../../core/delivery/channel.ts';
import { SOFT_LIMIT, type SoftBounce, softSuppression } from '../../core/delivery/suppression.ts';
import { type Contacts, LIFTED, millis } from './contacts.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** Soft bounces of a channel, a set of texts beside the suppressions in the contact's item. */
export const BOUNCES = 'b#';

const encode = ({ atMs, message, address }: SoftBounce): string => `${millis(atMs)}#${message}#${address}`;
const decode = (text: string): SoftBounce => {
  const [atMs, message = '', address = ''] = text.split('#');
  return { atMs: Number(atMs), message, address };
};

/** What receipts write of people; apart from contacts.ts, of which every sender has a copy. */
export const suppressions = (table: string, { suppress }: Pick<Contacts, 'suppress'>) => ({
  suppress,

  /**
   * Counts a soft bounce, and suppresses the address when there are too many. The newest are kept, as many as the limit asks
   * for, so the item stays small. Repeating it changes nothing: it is a set.
   */
  async softBounce(profileId: string, channel: Channel, bounce: SoftBounce): Promise<void> {
    const update = (change: string, texts: readonly string[], condition?: string) =>
      dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { profileId: { S: profileId } },
          UpdateExpression: `${change} #b :b`,
          ...(condition && { ConditionExpression: condition }),
          ExpressionAttributeNames: { '#b': BOUNCES + channel, ...(condition && { '#lifted': LIFTED + channel }) },
          ExpressionAttributeValues: {
            ':b': { SS: [...texts] },
            ...(condition && { ':when': { S: millis(bounce.atMs) } }),
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
    let item: Record<string, AttributeValue>;
    try {
      const sinceLifted = 'attribute_not_exists(#lifted) OR #lifted < :when';
      item = (await update('ADD', [encode(bounce)], sinceLifted)).Attributes ?? {};
    } catch (error) {
      if (isConditionFailure(error)) return;
      throw error;
    }
    const texts = (item[BOUNCES + channel]?.SS ?? []).sort();
    const suppression = softSuppression(texts.map(decode), bounce.address);
    if (suppression) await suppress(profileId, channel, suppression);
    const old = texts.slice(0, -SOFT_LIMIT.bounces);
    if (old.length > 0) await update('DELETE', old);
  },
});
export type Suppressions = ReturnType<typeof suppressions>;
