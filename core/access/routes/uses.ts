import * as z from 'zod/mini';

/** Something that uses a list, a segment or an audience. A campaign counts until it is over. */
export const useView = z.object({
  kind: z.enum(['segment', 'audience', 'campaign', 'model']),
  id: z.string(),
  name: z.string(),
});
