import { QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Channel } from '../../core/delivery/channel.ts';
import type { ContactState } from '../../core/delivery/contact-state.ts';
import { ANY, LIFTED, millis, SUPPRESSED } from './contacts.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';
import { BOUNCES } from './suppressions.ts';

/** People with a suppression, through their index, and the end of one. */
export const suppressedPeople = (table: string) => ({
  /** Newest first; behind by moments. Undefined for a cursor that is none. */
  async list(limit: number, cursor?: string): Promise<{ profileIds: string[]; cursor?: string } | undefined> {
    const from = cursor === undefined ? undefined : decodeCursor(cursor);
    if (cursor !== undefined && !from) return undefined;
    const { Items = [], LastEvaluatedKey } = await dynamo.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'by-suppression',
        KeyConditionExpression: '#any = :any',
        ExpressionAttributeNames: { '#any': 'suppression' },
        ExpressionAttributeValues: { ':any': { S: ANY } },
        ScanIndexForward: false,
        Limit: limit,
        ...(from && {
          ExclusiveStartKey: {
            profileId: { S: from.profileId },
            suppression: { S: ANY },
            suppressedMs: { N: String(from.atMs) },
          },
        }),
      }),
    );
    const { profileId, suppressedMs } = LastEvaluatedKey ?? {};
    return {
      profileIds: Items.map((item) => item.profileId?.S ?? ''),
      ...(profileId?.S && { cursor: encodeCursor(profileId.S, Number(suppressedMs?.N)) }),
    };
  },

  /**
   * Ends what is suppressed on a channel, and remembers when. False when the contact is no longer at the version that was
   * read: of whoever has no other suppression the place in the index goes, too.
   */
  async lift({ profileId, version, suppressed }: ContactState, channel: Channel, nowMs: number): Promise<boolean> {
    const last = Object.keys(suppressed).every((one) => one === channel);
    try {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { profileId: { S: profileId } },
          UpdateExpression: `SET #lifted = :when, #v = :next REMOVE #s, #b${last ? ', #any, #at' : ''}`,
          ConditionExpression: '#v = :version',
          ExpressionAttributeNames: {
            '#lifted': LIFTED + channel,
            '#v': 'version',
            '#s': SUPPRESSED + channel,
            '#b': BOUNCES + channel,
            ...(last && { '#any': 'suppression', '#at': 'suppressedMs' }),
          },
          ExpressionAttributeValues: {
            ':when': { S: millis(nowMs) },
            ':next': { N: String(version + 1) },
            ':version': { N: String(version) },
          },
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  },
});

const encodeCursor = (profileId: string, atMs: number): string =>
  Buffer.from(JSON.stringify([profileId, atMs])).toString('base64url');

const decodeCursor = (text: string): { profileId: string; atMs: number } | undefined => {
  try {
    const [profileId, atMs] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [unknown, unknown];
    return typeof profileId === 'string' && Number.isSafeInteger(atMs)
      ? { profileId, atMs: atMs as number }
      : undefined;
  } catch {
    return undefined;
  }
};
