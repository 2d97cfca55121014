import { GetItemCommand, UpdateItemCommand, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { CHANNELS, type Channel } from '../../core/delivery/channel.ts';
import { type ContactState, emptyContact, MAX_TOUCHES, type Touch } from '../../core/delivery/contact-state.ts';
import { SUPPRESSION_REASONS, type Suppression, type SuppressionReason } from '../../core/delivery/suppression.ts';
import { batchGet, type Item } from './batch-get.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/**
 * The contacts table: one small flat item per person. Consents are attributes of their own (`c#sms`, `c#email/offers`),
 * so that an import can grant only what was never asked, in one conditional write. The newest touches are ten attributes `t0`
 * (newest) to `t9`, each `<epoch seconds, 10 digits>#<key>#<about>` or empty: text of that form sorts by time, which a condition
 * can check. `older` holds those behind them, newest first, with a space between.
 */
export const CONSENT = 'c#';
export const SUPPRESSED = 's#';
/** When somebody lifted what was suppressed on a channel: what happened before does not suppress it again. */
export const LIFTED = 'l#';
/** Partition of the index of people with a suppression, in the order of time. */
export const ANY = 'any';
export const REGISTERS = Array.from({ length: MAX_TOUCHES }, (_, n) => `t${n}`);

const decodeTouch = (text: string): Touch => {
  const [atSeconds, key = '', about = ''] = text.split('#');
  return [Number(atSeconds), key, about];
};

/** Texts of this form sort by strength, so that a condition can keep the strongest: its rank, its time, what it says. */
const encodeSuppression = ({ reason, atMs, address, untilMs }: Suppression): string =>
  [SUPPRESSION_REASONS.indexOf(reason), millis(atMs), reason, address ?? '', untilMs ?? ''].join('|');
const decodeSuppression = (text: string): Suppression => {
  const [, atMs, reason, address, untilMs] = text.split('|');
  return {
    reason: reason as SuppressionReason,
    atMs: Number(atMs),
    ...(address && { address }),
    ...(untilMs && { untilMs: Number(untilMs) }),
  };
};
/** Sorts by time. */
export const millis = (atMs: number): string => String(atMs).padStart(13, '0');

export const decodeContact = (item: Item): ContactState => {
  const state = emptyContact(item.profileId?.S ?? '');
  state.version = Number(item.version?.N ?? 0);
  const touches = [...REGISTERS.map((name) => item[name]?.S), ...(item.older?.S?.split(' ') ?? [])];
  state.touches = touches.flatMap((text) => (text ? [decodeTouch(text)] : []));
  for (const [name, value] of Object.entries(item)) {
    if (name.startsWith(CONSENT) && value.BOOL !== undefined) state.consents[name.slice(CONSENT.length)] = value.BOOL;
  }
  for (const channel of CHANNELS) {
    const text = item[SUPPRESSED + channel]?.S;
    if (text) state.suppressed[channel] = decodeSuppression(text);
  }
  return state;
};

/** Writes consents, each under `#c<n>` and `:c<n>`, one version on. */
export const consentUpdate = (consents: Record<string, boolean>) => {
  const entries = Object.entries(consents);
  return {
    UpdateExpression: `SET ${entries.map((_, n) => `#c${n} = :c${n}`).join(', ')}, #v = if_not_exists(#v, :zero) + :one`,
    ExpressionAttributeNames: {
      '#v': 'version',
      ...Object.fromEntries(entries.map(([key], n) => [`#c${n}`, CONSENT + key])),
    },
    ExpressionAttributeValues: {
      ':zero': { N: '0' },
      ':one': { N: '1' },
      ...Object.fromEntries(entries.map(([, given], n) => [`:c${n}`, { BOOL: given }])),
    },
  };
};

/** Contact states of people. Who has no item yet is an empty contact (version 0): never asked, never touched. */
export const contacts = (table: string) => {
  const update = async (profileId: string, expression: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>) => {
    try {
      await dynamo.send(
        new UpdateItemCommand({ TableName: table, Key: { profileId: { S: profileId } }, ...expression }),
      );
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  };

  /** Strongly consistent. */
  const get = async (profileId: string): Promise<ContactState> => {
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: { profileId: { S: profileId } }, ConsistentRead: true }),
    );
    return Item ? decodeContact(Item) : emptyContact(profileId);
  };

  return {
    get,

    /**
     * Eventually consistent unless `strongly` (half the price): enough for a decision that reserves a touch, because
     * `saveTouches` (touches.ts) fails when it was stale, and for no other. Throws when DynamoDB still leaves keys unprocessed after
     * several rounds.
     */
    async getMany(profileIds: readonly string[], strongly: boolean): Promise<Map<string, ContactState>> {
      const unique = [...new Set(profileIds)];
      const found = new Map(unique.map((id) => [id, emptyContact(id)]));
      const keys = unique.map((id): Item => ({ profileId: { S: id } }));
      for await (const answer of batchGet(table, keys, { ConsistentRead: strongly })) {
        for (const item of answer.Responses?.[table] ?? []) found.set(item.profileId?.S ?? '', decodeContact(item));
      }
      return found;
    },

    /** What the person said, at once and whatever was known before. Repeating it changes nothing but the version. */
    async setConsents(profileId: string, consents: Record<string, boolean>): Promise<void> {
      if (Object.keys(consents).length > 0) await update(profileId, consentUpdate(consents));
    },

    /**
     * No more messages on this channel, or to an address of it. The strongest is kept, and none from before it was lifted, so
     * repeating it changes nothing, in whatever order. Also its place in the index of suppressions.
     */
    async suppress(profileId: string, channel: Channel, suppression: Suppression): Promise<void> {
      await update(profileId, {
        UpdateExpression: 'SET #s = :s, #any = :any, #at = :at, #v = if_not_exists(#v, :zero) + :one',
        ConditionExpression:
          '(attribute_not_exists(#s) OR #s < :s) AND (attribute_not_exists(#lifted) OR #lifted < :when)',
        ExpressionAttributeNames: {
          '#s': SUPPRESSED + channel,
          '#lifted': LIFTED + channel,
          '#any': 'suppression',
          '#at': 'suppressedMs',
          '#v': 'version',
        },
        ExpressionAttributeValues: {
          ':s': { S: encodeSuppression(suppression) },
          ':when': { S: millis(suppression.atMs) },
          ':any': { S: ANY },
          ':at': { N: String(suppression.atMs) },
          ':zero': { N: '0' },
          ':one': { N: '1' },
        },
      });
    },
  };
};
export type Contacts = ReturnType<typeof contacts>;
