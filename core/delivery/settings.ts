import * as z from 'zod/mini';
import { MAX_TOUCHES } from './contact-state.ts';

/** What operators may set for all plans. Stored as the definition `settings/delivery`. */
export const deliverySettings = z.strictObject({
  /** At most `touches` promotional messages to one person in any `hours` hours, over all channels and plans. */
  frequencyCap: z.strictObject({
    touches: z.int().check(z.minimum(1), z.maximum(MAX_TOUCHES)),
    hours: z.int().check(z.minimum(1), z.maximum(24 * 90)),
  }),
});
export type DeliverySettings = z.infer<typeof deliverySettings>;

/** In force until somebody sets another: five in a rolling week. */
export const DEFAULT_SETTINGS: DeliverySettings = { frequencyCap: { touches: 5, hours: 168 } };
