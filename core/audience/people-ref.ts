import * as z from 'zod/mini';
import { type Audience, audience } from './audience.ts';
import type { AudienceRef } from './audience-ref.ts';
import { definitionId } from './definition-id.ts';
import { type Segment, segment } from './segment.ts';

/** Whom a question is about: a rule or a set expression, which need not be saved, or something that is. */
export type PeopleRef = AudienceRef | { segment: Segment } | { audience: Audience };

/** What a body is told that does not say whom. */
export const SAY_WHOM = 'Exactly one of segment, audience, segmentId, listId and audienceId';

/** A strict object for each way of saying whom, each with the given members. */
export const peopleRefWith = <Shape extends Record<string, z.core.$ZodType>>(more: Shape) =>
  [
    z.strictObject({ segment, ...more }),
    z.strictObject({ audience, ...more }),
    z.strictObject({ segmentId: definitionId, ...more }),
    z.strictObject({ listId: definitionId, ...more }),
    z.strictObject({ audienceId: definitionId, ...more }),
  ] as const;

/** The part of a body that says whom. */
export const peopleRefOf = (body: PeopleRef): PeopleRef => {
  if ('segment' in body) return { segment: body.segment };
  if ('audience' in body) return { audience: body.audience };
  if ('segmentId' in body) return { segmentId: body.segmentId };
  return 'listId' in body ? { listId: body.listId } : { audienceId: body.audienceId };
};
