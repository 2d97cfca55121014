import * as z from 'zod/mini';
import { condition } from './condition.ts';

export const eventType = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/));
/** All must hold. */
export const where = z.optional(z.array(condition).check(z.maxLength(20)));
export const eventPattern = z.strictObject({ eventType, where });
