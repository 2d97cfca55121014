import * as z from 'zod/mini';
import { isPlainText } from './question.ts';

const text = z.string().check(z.maxLength(256), z.refine(isPlainText, 'NUL and lone surrogates are not text'));
const someText = z
  .string()
  .check(z.minLength(1), z.maxLength(256), z.refine(isPlainText, 'NUL and lone surrogates are not text'));
const scalar = z.union([text, z.number(), z.boolean()]);
/** One strict object per question, each with the given subject: `{attribute: 'city', equals: 'Paris'}`. */
export const questionsAbout = <S extends Record<string, z.core.$ZodType>>(subject: S) =>
  z.union([
    z.strictObject({ ...subject, equals: scalar }),
    z.strictObject({ ...subject, notEquals: scalar }),
    z.strictObject({ ...subject, in: z.array(scalar).check(z.minLength(1), z.maxLength(100)) }),
    z.strictObject({ ...subject, atLeast: z.number() }),
    z.strictObject({ ...subject, moreThan: z.number() }),
    z.strictObject({ ...subject, atMost: z.number() }),
    z.strictObject({ ...subject, lessThan: z.number() }),
    z.strictObject({ ...subject, contains: someText }),
    z.strictObject({ ...subject, startsWith: someText }),
    z.strictObject({ ...subject, exists: z.boolean() }),
  ]);
