import * as z from 'zod/mini';

/** Query of every list: `?limit=1..100&cursor=`. The cursor is what the page before gave; it is opaque. */
export const pageQuery = {
  limit: z._default(z.coerce.number().check(z.multipleOf(1), z.minimum(1), z.maximum(100)), 20),
  cursor: z.optional(z.string().check(z.minLength(1), z.maxLength(300))),
};
export const listQuery = z.strictObject(pageQuery);

/** Answer of every list. `cursor` is absent on the last page. */
export const pageOf = <T extends z.ZodMiniType>(item: T) =>
  z.object({ items: z.array(item), cursor: z.optional(z.string()) });
