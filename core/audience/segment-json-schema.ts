import * as z from 'zod/mini';
import { segment } from './segment.ts';

/**
 * The segment language as a JSON Schema (draft 2020-12), made from the schema that the API itself uses. It says all but what takes
 * counting across the whole: nesting, conditions, bytes (docs/segment-language.md).
 */
export const segmentJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(segment, { target: 'draft-2020-12' }),
  title: 'Segment',
});
