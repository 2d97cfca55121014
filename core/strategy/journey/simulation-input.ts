import * as z from 'zod/mini';
import { definitionId } from '../../audience/definition-id.ts';
import { attributeName, isTimeZone, profileId } from '../../audience/profile.ts';
import { eventType } from '../../event/event-pattern.ts';
import { label, longDuration, MAX_WAIT_DAYS, nodeId } from './journey-node.ts';

const properties = z.optional(z.record(z.string(), z.json()));
const ids = z.optional(z.array(definitionId).check(z.maxLength(100)));

const shared = {
  /** When they enter. Absent: now. */
  startsAt: z.optional(z.iso.datetime({ offset: true })),
  /** Of the event that they enter with. */
  properties,
  /** What they do, so long after they entered. */
  events: z.optional(
    z.array(z.strictObject({ after: longDuration, type: eventType, properties })).check(z.maxLength(100)),
  ),
  /** By node, the arm of a split or an experiment that they are to take. Absent: the one that chance has for this id. */
  arms: z.optional(z.record(nodeId, label)),
  /** How long to look. */
  days: z._default(z.int().check(z.minimum(1), z.maximum(MAX_WAIT_DAYS)), 90),
};

/** Somebody who walks through a journey on a chosen clock: somebody there is (`profileId`), or who is made up (`profile`). */
export const simulationInput = z.union(
  [
    z.strictObject({ profileId, ...shared }),
    z.strictObject({
      profile: z.strictObject({
        email: z.optional(z.string()),
        phone: z.optional(z.string()),
        timeZone: z.optional(z.string().check(z.refine(isTimeZone, 'Not an IANA time zone'))),
        locale: z.optional(z.string()),
        attributes: z._default(z.record(attributeName, z.json()), {}),
      }),
      /** Live segments and lists that they are in. */
      segments: ids,
      lists: ids,
      ...shared,
    }),
  ],
  'Either profileId or profile',
);
export type SimulationInput = z.infer<typeof simulationInput>;
