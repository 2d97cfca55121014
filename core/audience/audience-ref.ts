import * as z from 'zod/mini';
import { definitionId } from './definition-id.ts';

/** Whom a campaign or a snapshot is for: a segment, a list or an audience that has been saved. */
export const audienceRef = z.union(
  [
    z.strictObject({ segmentId: definitionId }),
    z.strictObject({ listId: definitionId }),
    z.strictObject({ audienceId: definitionId }),
  ],
  'Exactly one of segmentId, listId and audienceId',
);
export type AudienceRef = z.infer<typeof audienceRef>;
