import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Profile } from '../../core/audience/profile.ts';
import { ERASED, type SendMessage, type SnapshotMessage, type SnapshotRow } from '../../core/delivery/messages.ts';
import { dynamo } from './dynamo.ts';
import type { ErasedPeople, IsErased } from './erased-people.ts';
import { readObject } from './objects.ts';

/**
 * Reads the recipients of messages that came together: of each in order, from a byte range of a snapshot part, or the
 * profile that an event named. Undefined is a person without a profile; of somebody who was erased there is a row without
 * anything but a name for the place in the part. Throws when a part does not hold what a pointer says.
 */
export const recipients =
  ({ bucket, profilesTable, erased }: { bucket: string; profilesTable: string; erased: ErasedPeople }) =>
  (together: readonly SendMessage[]) => {
    const stretches = stretchesOf(together.filter((message) => message.kind === 'snapshot'));
    const reads = new Map<Stretch, Promise<Buffer>>();
    const read = (stretch: Stretch): Promise<Buffer> => {
      const body = reads.get(stretch) ?? readRange(bucket, stretch);
      reads.set(stretch, body);
      return body;
    };
    return async (message: SendMessage): Promise<(SnapshotRow | undefined)[]> => {
      if (message.kind === 'direct') return [message.to ?? (await profileOf(profilesTable, message.profileId))];
      const { part, offset, bytes, count } = message;
      const stretch = stretches.find((one) => one.part === part && one.start <= offset && offset < one.end);
      if (!stretch) throw new Error(`${part} at ${offset} did not come with the others`);
      const text = (await read(stretch)).subarray(offset - stretch.start, offset - stretch.start + bytes).toString();
      const lines = text.split('\n').filter((line) => line !== '');
      if (lines.length !== count) throw new Error(`${part} has ${lines.length} recipients at ${offset}, not ${count}`);
      const isErased = await erased();
      return lines.map((line, index) => known(JSON.parse(line) as Partial<SnapshotRow>, message, index, isErased));
    };
  };

/** The part may be older than the erasure, or blanked by it: the same either way. */
const known = (
  row: Partial<SnapshotRow>,
  { part, batch }: SnapshotMessage,
  index: number,
  isErased: IsErased,
): SnapshotRow =>
  row.profileId && !isErased(row.profileId)
    ? (row as SnapshotRow)
    : { profileId: `${ERASED}${part.slice(part.lastIndexOf('/') + 1)}#${batch}#${index}`, attributes: {}, erased: 0 };

/** S3 bills a read by the call, not by its bytes: pointers into one stretch of a part are read together. */
type Stretch = { part: string; start: number; end: number };
/** Longer stretches would take more time to read than the calls cost that they save. */
const STRETCH_BYTES = 1_000_000;

const stretchesOf = (pointers: readonly Pick<SnapshotMessage, 'part' | 'offset' | 'bytes'>[]): Stretch[] => {
  const found: Stretch[] = [];
  for (const { part, offset, bytes } of pointers.toSorted((a, b) => a.offset - b.offset)) {
    const last = found.findLast((stretch) => stretch.part === part);
    if (last && offset + bytes - last.start <= STRETCH_BYTES) last.end = Math.max(last.end, offset + bytes);
    else found.push({ part, start: offset, end: offset + bytes });
  }
  return found;
};

const readRange = async (bucket: string, { part, start, end }: Stretch): Promise<Buffer> =>
  Buffer.from(await (await readObject(bucket, part, [start, end - 1])).arrayBuffer());

/** Strongly consistent: an event may arrive in the same moment as the profile that it is about. */
export const profileOf = async (table: string, profileId: string): Promise<SnapshotRow | undefined> => {
  const { Item } = await dynamo.send(
    new GetItemCommand({ TableName: table, Key: { profileId: { S: profileId } }, ConsistentRead: true }),
  );
  if (!Item?.body?.S) return undefined;
  return rowOf(JSON.parse(Item.body.S) as Profile);
};

/** As a snapshot would carry them. */
export const rowOf = (profile: Profile): SnapshotRow => {
  const { profileId, email, phone, pushToken, wechatOpenId, timeZone, locale, attributes } = profile;
  return {
    profileId,
    ...(email && { email }),
    ...(phone && { phone }),
    ...(pushToken && { pushToken }),
    ...(wechatOpenId && { wechatOpenId }),
    ...(timeZone && { timeZone }),
    ...(locale && { locale }),
    attributes,
  };
};
