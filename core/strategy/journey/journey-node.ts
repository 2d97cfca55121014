import * as z from 'zod/mini';
import { attributeName, scalar } from '../../audience/profile.ts';
import { LANES } from '../../delivery/channel.ts';
import { planTracking } from '../../delivery/links/link-settings.ts';
import { budgetInput, channelPolicyInput } from '../../delivery/policy-input.ts';
import { PRIORITIES } from '../../delivery/priority.ts';
import { timeOfDay, topicName } from '../../delivery/settings-input.ts';
import { durationInput, durationUpTo } from '../../event/duration-input.ts';
import { eventPattern } from '../../event/event-pattern.ts';
import { perMinute } from '../campaign.ts';
import { WEEKDAYS } from '../schedule.ts';
import { branchCondition } from './branch-condition-input.ts';

/** Days that a journey may wait, at most. */
export const MAX_WAIT_DAYS = 366;
export const longDuration = durationUpTo(MAX_WAIT_DAYS);

export const nodeId = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9-]{0,31}$/, 'A lower-case letter, then up to 31 lower-case letters, digits and -'));
export type NodeId = string;

const id = z.string().check(z.minLength(1), z.maxLength(64));
/** What reports call a branch, an arm or a goal. */
export const label = z.string().check(z.minLength(1), z.maxLength(64));
const named = <T>(list: readonly T[], nameOf: (one: T) => string): boolean =>
  new Set(list.map(nameOf)).size === list.length;
export const eachNameOnce = z.refine<{ name: string }[]>(
  (list) => named(list, ({ name }) => name),
  'A name is there twice',
);

const percent = z.number().check(z.positive(), z.maximum(100));
const arms = z
  .array(z.strictObject({ name: label, percent, next: nodeId }))
  .check(z.minLength(1), z.maxLength(20), eachNameOnce);

/** What a message node says of its message; the fields are those of triggers. */
const message = z.strictObject({
  kind: z.literal('message'),
  templateId: id,
  channelPolicy: channelPolicyInput,
  budget: budgetInput,
  /** Absent: the journey's. */
  topic: z.optional(topicName),
  /** Absent: promotional. */
  lane: z.optional(z.enum(LANES)),
  priority: z.optional(z.enum(PRIORITIES)),
  /** So long after the participant has come to it the message is worth sending. Absent: 24 hours. */
  deadline: z.optional(durationInput),
  tracking: z.optional(planTracking),
  next: nodeId,
});

/** By the clock where the person is. */
const localMoment = z.union(
  [
    z.strictObject({
      time: timeOfDay,
      /** Absent: any day. */
      weekdays: z.optional(
        z
          .array(z.enum(WEEKDAYS))
          .check(z.minLength(1), z.maxLength(7))
          .check(z.refine((days) => named(days, String), 'Each day once')),
      ),
    }),
    z.strictObject({
      /** An attribute that is a date, as 2026-12-24: the day that it names. */
      attribute: attributeName,
      /** Its next anniversary; that of 29 February is on 28 February in years that have no 29th. */
      yearly: z.optional(z.literal(true)),
      /** So many days after it; before it, when negative. */
      offsetDays: z.optional(z.int().check(z.minimum(-MAX_WAIT_DAYS), z.maximum(MAX_WAIT_DAYS))),
      time: timeOfDay,
    }),
  ],
  'Either time, maybe with weekdays, or attribute with time, maybe with yearly and offsetDays',
);

/** A node of a journey, by its kind. docs/journeys.md says what each does. */
export const journeyNode = z.discriminatedUnion(
  'kind',
  [
    message,
    z.strictObject({ kind: z.literal('wait'), for: longDuration, next: nodeId }),
    z.strictObject({
      kind: z.literal('wait-until'),
      at: localMoment,
      /** Where those go who have no such date, or one that is past. Absent: to `next`, at once. */
      ifMissing: z.optional(nodeId),
      next: nodeId,
    }),
    z.strictObject({
      kind: z.literal('wait-for-event'),
      events: z.array(z.strictObject({ event: eventPattern, next: nodeId })).check(z.minLength(1), z.maxLength(10)),
      within: longDuration,
      onTimeout: nodeId,
    }),
    z.strictObject({
      kind: z.literal('branch'),
      /** The first of which all conditions hold. */
      branches: z
        .array(
          z.strictObject({
            name: label,
            when: z.array(branchCondition).check(z.minLength(1), z.maxLength(20)),
            next: nodeId,
          }),
        )
        .check(z.minLength(1), z.maxLength(20), eachNameOnce),
      otherwise: nodeId,
    }),
    z.strictObject({ kind: z.literal('split'), arms }),
    z.strictObject({
      kind: z.literal('experiment'),
      arms,
      /** One of the journey's goals. */
      goal: label,
      method: z.enum(['fixed', 'bandit']),
      /** In each arm, before a winner may be named. */
      minimumSample: z.int().check(z.minimum(1), z.maximum(10_000_000)),
      minimumDays: z.int().check(z.minimum(1), z.maximum(MAX_WAIT_DAYS)),
      /** The default is taken so long after the beginning. Absent: 90 days after the first could count; a bandit goes on without end. */
      maximumDays: z.optional(z.int().check(z.minimum(1), z.maximum(2 * MAX_WAIT_DAYS))),
      /** The arm that is taken when none has won. */
      default: label,
    }),
    z.strictObject({
      kind: z.literal('holdout'),
      /** So many of a hundred end here. */
      percent: z.number().check(z.positive(), z.lt(100)),
      next: nodeId,
    }),
    z.strictObject({
      kind: z.literal('update'),
      /** Null takes the attribute away. */
      set: z
        .record(attributeName, z.nullable(scalar))
        .check(z.refine((set) => Object.keys(set).length >= 1 && Object.keys(set).length <= 20, '1 to 20 attributes')),
      next: nodeId,
    }),
    z.strictObject({
      kind: z.literal('webhook'),
      endpointId: id,
      /** Each becomes a text of the body's `data.fields`; they are Liquid, as in templates. */
      fields: z
        .record(
          z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/)),
          z.string().check(z.minLength(1), z.maxLength(5_000)),
        )
        .check(z.refine((fields) => Object.keys(fields).length <= 50, 'At most 50 fields')),
      next: nodeId,
    }),
    z.strictObject({ kind: z.literal('throttle'), perMinute, next: nodeId }),
    z.strictObject({ kind: z.literal('jump'), to: nodeId }),
    z.strictObject({ kind: z.literal('exit'), reason: z.optional(label) }),
  ],
  {
    error:
      'The kind of a node is message, wait, wait-until, wait-for-event, branch, split, experiment, holdout, update, webhook, throttle, jump or exit',
  },
);
export type JourneyNode = z.infer<typeof journeyNode>;
export type NodeOf<Kind extends JourneyNode['kind']> = Extract<JourneyNode, { kind: Kind }>;
