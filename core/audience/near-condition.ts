import * as z from 'zod/mini';
import { attributeName } from './profile.ts';

/** No place on Earth is farther from another. */
const MAX_KM = 20_016;

export const nearCondition = z.strictObject({
  near: z.strictObject({
    latitude: z.number().check(z.minimum(-90), z.maximum(90)),
    longitude: z.number().check(z.minimum(-180), z.maximum(180)),
    withinKm: z.number().check(z.gt(0), z.maximum(MAX_KM)),
    attributes: z.strictObject({ latitude: attributeName, longitude: attributeName }),
  }),
});
