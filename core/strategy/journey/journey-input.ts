import * as z from 'zod/mini';
import { audienceRef } from '../../audience/audience-ref.ts';
import { definitionId } from '../../audience/definition-id.ts';
import { topicName } from '../../delivery/settings-input.ts';
import { eventPattern } from '../../event/event-pattern.ts';
import { latePolicyInput } from '../late.ts';
import { scheduleInput } from '../schedule-input.ts';
import { eachNameOnce, journeyNode, label, longDuration, nodeId } from './journey-node.ts';

export const MAX_NODES = 100;
/** Bytes of its JSON: a version of it, compiled, is one item of 400 KB at most. */
export const MAX_JOURNEY_BYTES = 100_000;
const sourceId = z.string().check(z.regex(/^[0-9A-Za-z-]{1,64}$/));

const entry = z.union(
  [
    z.strictObject({
      event: eventPattern,
      /** Events older than this when they arrive start nothing. Absent: an hour. */
      maxLatenessSeconds: z.optional(z.int().check(z.minimum(1), z.maximum(7 * 86_400))),
    }),
    z.strictObject({
      /** A live segment: whoever enters it. */
      segment: definitionId,
      /** True: who is in it when the journey goes live enters, too. */
      includeMembers: z.optional(z.boolean()),
    }),
    z.strictObject({
      schedule: scheduleInput,
      audience: audienceRef,
      /** What becomes of a time that is noticed late. Absent: its people enter at once. */
      ifLate: z.optional(latePolicyInput),
    }),
    z.strictObject({
      /** Whoever a person, or an app, puts in. */
      api: z.literal(true),
      /** The apps that may. Absent: only people may. */
      sources: z.optional(z.array(sourceId).check(z.maxLength(20))),
    }),
  ],
  'Exactly one of event, segment, schedule with audience, and api',
);

/** A dynamic plan: a graph that each participant walks. docs/journeys.md says what it means. */
export const journeyInput = z
  .strictObject({
    name: z.string().check(z.minLength(1), z.maxLength(100)),
    /** Of its messages, unless a node has its own. */
    topic: topicName,
    entry,
    /** Absent: once per person, for ever. Nobody enters again while inside. */
    reentry: z.optional(
      z.strictObject({
        /** So long after the last entry. */
        after: z.optional(longDuration),
        /** Times, the first one included. */
        atMost: z.optional(z.int().check(z.minimum(1), z.maximum(10_000))),
      }),
    ),
    start: nodeId,
    nodes: z
      .record(nodeId, journeyNode)
      .check(
        z.refine(
          (nodes) => Object.keys(nodes).length >= 1 && Object.keys(nodes).length <= MAX_NODES,
          `A journey has 1 to ${MAX_NODES} nodes`,
        ),
      ),
    goals: z.optional(
      z
        .array(
          z.strictObject({
            name: label,
            event: eventPattern,
            /** Counts for so long after the entry, be the participant still inside or not. Absent: while inside. */
            within: z.optional(longDuration),
            /** True: who reaches it leaves. */
            exits: z.optional(z.boolean()),
          }),
        )
        .check(z.maxLength(10), eachNameOnce),
    ),
    /** What ends the journey for somebody, in the middle of a wait, too. */
    exits: z.optional(
      z
        .array(
          z.union(
            [z.strictObject({ event: eventPattern }), z.strictObject({ leavesSegment: definitionId })],
            'Either event or leavesSegment',
          ),
        )
        .check(z.maxLength(10)),
    ),
    /** So many of a hundred never enter, to be compared with the others. It is always the same people. */
    holdout: z.optional(z.strictObject({ percent: z.number().check(z.positive(), z.maximum(90)) })),
    /** `traced`: an execution of Step Functions for each participant, to look at. Absent: pooled. */
    hold: z.optional(z.enum(['pooled', 'traced'])),
    /** Nobody is inside for longer. Absent: 366 days. */
    longest: z.optional(longDuration),
  })
  .check(
    z.refine(
      (journey) => Buffer.byteLength(JSON.stringify(journey)) <= MAX_JOURNEY_BYTES,
      `A journey has at most ${MAX_JOURNEY_BYTES} bytes of JSON`,
    ),
  );
export type JourneyInput = z.infer<typeof journeyInput>;
