import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { segmentJsonSchema } from '../../../core/audience/segment-json-schema.ts';
import { rowsOf, spansOf } from '../event/semantics-page.ts';
import { segments } from './segment-arbitrary.ts';

/** Read back by zod's reader of JSON Schemas, which stands for any other. */
const published = z.fromJSONSchema(segmentJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);

describe('the published JSON Schema', () => {
  it('takes what the API takes', () => {
    fc.assert(fc.property(segments, (one) => published.safeParse(one).success));
  });

  // What needs code to be said is the form of dates, of times of a window, and which members go together.
  const beyond = /date|exactly one of|Either days|Only a window|must be later|first and last/i;
  it.each(
    rowsOf('refused', 'segment-language')
      .filter(({ cells }) => !beyond.test(cells[2] ?? '') || cells[0]?.includes('"attribute":"a"}'))
      .map(({ line, cells }) => [line, spansOf(cells[0])[0] ?? ''] as const),
  )('line %i: refuses %s', (_line, refused) => expect(published.safeParse(JSON.parse(refused)).success).toBe(false));
});
