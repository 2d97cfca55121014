import {
  type ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { CHANNELS, type Channel } from '../../core/delivery/channel.ts';
import { type ContactState, emptyContact, MAX_TOUCHES } from '../../core/delivery/contact-state.ts';
import type { GateInput } from '../../core/delivery/gate.ts';
import { windowStart } from '../../core/delivery/touch.ts';
import { batchGet, type Item } from './batch-get.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/**
 * The contacts table: one small flat item per person. Consents are attributes of their own (`c#sms`, `c#email/offers`),
 * so that an import can grant only what was never asked, in one conditional write. Touches are ten attributes `t0` (newest)
 * to `t9`, each `<epoch seconds, 10 digits>#<key>` or empty: text of that form sorts by time, which a condition can check.
 */
export const CONSENT = 'c#';
const SUPPRESSED = 's#';
const REGISTERS = Array.from({ length: MAX_TOUCHES }, (_, n) => `t${n}`);
const encodeTouch = ([atSeconds, key]: ContactState['touches'][number]): string => `${seconds(atSeconds)}#${key}`;
const seconds = (atSeconds: number): string => String(atSeconds).padStart(10, '0');
/** DynamoDB takes every right-hand side from the item as it was, so the order of these does not matter. */
const PUSH_TOUCH = REGISTERS.map((name, n) =>
  n === 0 ? `${name} = :touch` : `${name} = if_not_exists(${REGISTERS[n - 1]}, :none)`,
).join(', ');
/** `gate` in DynamoDB's words. A comparison with an attribute that is not there is false, so NOT of it is true. */
const MAY_PUSH = [
  '(#topic = :true OR attribute_not_exists(#topic) AND #channel = :true)',
  'attribute_not_exists(#s)',
  'NOT #nth >= :start',
  ...REGISTERS.map((name) => `NOT contains(${name}, :key)`),
].join(' AND ');

export const decodeContact = (item: Item): ContactState => {
  const state = emptyContact(item.profileId?.S ?? '');
  state.version = Number(item.version?.N ?? 0);
  state.touches = REGISTERS.flatMap((name): ContactState['touches'] => {
    const text = item[name]?.S;
    return text ? [[Number(text.slice(0, 10)), text.slice(11)]] : [];
  });
  for (const [name, value] of Object.entries(item)) {
    if (name.startsWith(CONSENT) && value.BOOL !== undefined) state.consents[name.slice(CONSENT.length)] = value.BOOL;
  }
  for (const channel of CHANNELS) {
    const [atMs = '', ...reason] = item[SUPPRESSED + channel]?.S?.split('|') ?? [];
    if (atMs) state.suppressed[channel] = { atMs: Number(atMs), reason: reason.join('|') };
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
     * `saveTouches` fails when it was stale, and for no other. Throws when DynamoDB still leaves keys unprocessed after
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

    /**
     * The gate for a promotional message and its touch in one write, without a read: undefined when the touch is written,
     * else the state for which it was refused. The condition is `gate` in DynamoDB's words: it holds exactly when that says
     * to send and to reserve. That it looks for the message's own key makes a repeated request harmless, also one that the
     * SDK repeats because it lost the answer. One write unit either way.
     */
    async reserve(
      input: Omit<GateInput, 'contact' | 'lane'> & { profileId: string },
    ): Promise<ContactState | undefined> {
      const { profileId, channel, topic, settings, nowMs, messageKey } = input;
      try {
        await dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { profileId: { S: profileId } },
            UpdateExpression: `SET ${PUSH_TOUCH}, #v = if_not_exists(#v, :zero) + :one`,
            ConditionExpression: MAY_PUSH,
            ExpressionAttributeNames: {
              '#v': 'version',
              '#s': SUPPRESSED + channel,
              '#topic': `${CONSENT}${channel}/${topic}`,
              '#channel': CONSENT + channel,
              '#nth': `t${settings.frequencyCap.touches - 1}`,
            },
            ExpressionAttributeValues: {
              ':key': { S: messageKey },
              ':touch': { S: encodeTouch([Math.floor(nowMs / 1_000), messageKey]) },
              ':none': { S: '' },
              ':start': { S: seconds(windowStart(settings, nowMs)) },
              ':true': { BOOL: true },
              ':zero': { N: '0' },
              ':one': { N: '1' },
            },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return undefined;
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
        const { Item } = error as ConditionalCheckFailedException;
        // Who has no item is refused without one; reading makes sure, and a service that leaves the item out does no harm.
        return Item ? decodeContact(Item) : get(profileId);
      }
    },

    /**
     * Writes the touches of `state` as version `state.version + 1`. False when the item is no longer at `state.version`:
     * read it again and decide again. One write unit while the item stays under 1 KB.
     */
    async saveTouches(state: ContactState): Promise<boolean> {
      const gone = REGISTERS.slice(state.touches.length);
      const set = state.touches.map((_, n) => `, ${REGISTERS[n]} = :t${n}`).join('');
      return update(state.profileId, {
        UpdateExpression: `SET #v = :next${set}${gone.length > 0 ? ` REMOVE ${gone.join(', ')}` : ''}`,
        ConditionExpression: state.version === 0 ? 'attribute_not_exists(profileId)' : '#v = :version',
        ExpressionAttributeNames: { '#v': 'version' },
        ExpressionAttributeValues: {
          ...Object.fromEntries(state.touches.map((touch, n) => [`:t${n}`, { S: encodeTouch(touch) }])),
          ':next': { N: String(state.version + 1) },
          ...(state.version > 0 && { ':version': { N: String(state.version) } }),
        },
      });
    },

    /** What the person said, at once and whatever was known before. Repeating it changes nothing but the version. */
    async setConsents(profileId: string, consents: Record<string, boolean>): Promise<void> {
      if (Object.keys(consents).length > 0) await update(profileId, consentUpdate(consents));
    },

    /** No more messages on this channel. The first reason is kept, so repeating it changes nothing. */
    async suppress(profileId: string, channel: Channel, reason: string, atMs: number): Promise<void> {
      await update(profileId, {
        UpdateExpression: 'SET #s = :s, #v = if_not_exists(#v, :zero) + :one',
        ConditionExpression: 'attribute_not_exists(#s)',
        ExpressionAttributeNames: { '#s': SUPPRESSED + channel, '#v': 'version' },
        ExpressionAttributeValues: { ':s': { S: `${atMs}|${reason}` }, ':zero': { N: '0' }, ':one': { N: '1' } },
      });
    },
  };
};
export type Contacts = ReturnType<typeof contacts>;
