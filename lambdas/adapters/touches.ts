import {
  type ConditionalCheckFailedException,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { duplicatesFrom, limitsOn, scopedLimits } from '../../core/delivery/caps.ts';
import { type ContactState, MAX_TOUCHES, type Touch } from '../../core/delivery/contact-state.ts';
import type { GateInput } from '../../core/delivery/gate.ts';
import { touchFor } from '../../core/delivery/touch.ts';
import { CONSENT, type Contacts, decodeContact, REGISTERS, SUPPRESSED } from './contacts.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** What a reservation is asked for: the gate's input, without the contact that nobody has read. */
export type Reservation = Omit<GateInput, 'contact'> & { profileId: string };

/** Text of this form sorts by time. */
const seconds = (atSeconds: number): string => String(atSeconds).padStart(10, '0');
const encodeTouch = ([atSeconds, key, about]: Touch): string => `${seconds(atSeconds)}#${key}#${about}`;

/** DynamoDB takes every right-hand side from the item as it was, so the order of these does not matter. */
const PUSH_TOUCH = REGISTERS.map((name, n) =>
  n === 0 ? `${name} = :touch` : `${name} = if_not_exists(${REGISTERS[n - 1]}, :none)`,
).join(', ');

const OLDEST = REGISTERS[MAX_TOUCHES - 1];

/**
 * `gate` in DynamoDB's words, for a message that meets no cap on a channel or topic. A comparison with an attribute that is
 * not there is false, so NOT of it is true. Where there are such caps for other messages, the touch that would be pushed out
 * may not be one that they still count: then the write is refused, and the touches are written one by one instead.
 */
const mayPush = (input: Reservation): { condition: string; values: Record<string, { S: string }> } => {
  const values: Record<string, { S: string }> = { ':key': { S: input.messageKey } };
  const notSince = (name: string, register: string | undefined, from: number): string => {
    values[name] = { S: seconds(from) };
    return `NOT ${register} >= ${name}`;
  };
  const limits = limitsOn(input, input).map(({ touches, fromSeconds }, n) =>
    notSince(`:from${n}`, REGISTERS[touches - 1], fromSeconds),
  );
  const kept = scopedLimits(input).map(({ fromSeconds }) => fromSeconds);
  const from = duplicatesFrom(input);
  if (from !== undefined)
    Object.assign(values, { ':same': { S: input.content ?? '' }, ':since': { S: seconds(from) } });
  const clauses = [
    '(#topic = :true OR attribute_not_exists(#topic) AND #channel = :true)',
    'attribute_not_exists(#s)',
    ...limits,
    ...(kept.length > 0 ? [notSince(':kept', OLDEST, Math.min(...kept))] : []),
    ...REGISTERS.map((name) => `NOT contains(${name}, :key)`),
    ...(from === undefined ? [] : REGISTERS.map((name) => `NOT (contains(${name}, :same) AND ${name} >= :since)`)),
  ];
  return { condition: clauses.join(' AND '), values };
};

/** Touches of people, in their contact items (contacts.ts). */
export const touches = (table: string, { get }: Pick<Contacts, 'get'>) => ({
  /**
   * The gate for a promotional message and its touch in one write, without a read: undefined when the touch is written,
   * else the state for which it was refused. The condition is `gate` in DynamoDB's words: where it holds, that says to send and
   * to reserve. Only for messages that need no look (`needsLook`). That it looks for the message's own key makes a repeated
   * request harmless, also one that the SDK repeats because it lost the answer. One write unit either way.
   */
  async reserve(input: Reservation): Promise<ContactState | undefined> {
    const { profileId, channel, topic } = input;
    const { condition, values } = mayPush(input);
    try {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { profileId: { S: profileId } },
          // What is left behind the registers is older than any cap counts: see mayPush.
          UpdateExpression: `SET ${PUSH_TOUCH}, #v = if_not_exists(#v, :zero) + :one REMOVE older`,
          ConditionExpression: condition,
          ExpressionAttributeNames: {
            '#v': 'version',
            '#s': SUPPRESSED + channel,
            '#topic': `${CONSENT}${channel}/${topic}`,
            '#channel': CONSENT + channel,
          },
          ExpressionAttributeValues: {
            ...values,
            ':touch': { S: encodeTouch(touchFor(input)) },
            ':none': { S: '' },
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
    const newest = state.touches.slice(0, MAX_TOUCHES);
    const older = state.touches.slice(MAX_TOUCHES).map(encodeTouch).join(' ');
    const set = newest.map((_, n) => `, ${REGISTERS[n]} = :t${n}`).join('') + (older && ', older = :older');
    const gone = [...REGISTERS.slice(newest.length), ...(older ? [] : ['older'])];
    const expression: Omit<UpdateItemCommandInput, 'TableName' | 'Key'> = {
      UpdateExpression: `SET #v = :next${set}${gone.length > 0 ? ` REMOVE ${gone.join(', ')}` : ''}`,
      ConditionExpression: state.version === 0 ? 'attribute_not_exists(profileId)' : '#v = :version',
      ExpressionAttributeNames: { '#v': 'version' },
      ExpressionAttributeValues: {
        ...Object.fromEntries(newest.map((touch, n) => [`:t${n}`, { S: encodeTouch(touch) }])),
        ...(older && { ':older': { S: older } }),
        ':next': { N: String(state.version + 1) },
        ...(state.version > 0 && { ':version': { N: String(state.version) } }),
      },
    };
    try {
      const Key = { profileId: { S: state.profileId } };
      await dynamo.send(new UpdateItemCommand({ TableName: table, Key, ...expression }));
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  },
});
export type Touches = ReturnType<typeof touches>;
