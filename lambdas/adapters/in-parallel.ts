/**
 * Runs `work` on every item, at most `limit` at a time. Waits for all that were begun, then throws the first error, so
 * that nothing goes on in the background of a later invocation.
 */
export const inParallel = async <T>(limit: number, items: readonly T[], work: (item: T) => Promise<void>) => {
  const queue = items.values();
  const errors: unknown[] = [];
  const worker = async () => {
    for (const item of queue) {
      if (errors.length > 0) return;
      await work(item).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
};
