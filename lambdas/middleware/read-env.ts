import type * as z from 'zod/mini';

/**
 * The handler's environment, checked once when the module loads. Throws with the names of what is missing, so a
 * function that is wired wrongly fails at its first start and not at its first use.
 */
export const readEnv = <T extends z.ZodMiniObject>(schema: T): z.infer<T> => {
  const result = schema.safeParse(process.env);
  if (result.success) return result.data;
  const names = result.error.issues.map((issue) => `${issue.path.join('.')} (${issue.message})`);
  throw new Error(`Environment of this function is incomplete: ${names.join(', ')}`);
};
