/** A function that handles one event; the n-th call gets the n-th document, round and round. */
export type Step = (n: number) => unknown;
export type Windows = { warmUpMs: number; windowMs: number; count: number };

/** A window is looked at after as many events as take about this long, so that the clock costs nothing. */
const CHUNK_MS = 0.2;

/**
 * Mean time of one event in µs, over each of `count` windows of at least `windowMs` and at least one event, after a
 * warm-up. `yardstick` is timed the same way beside each window, so that both see the same machine at the same time.
 */
export const measure = async (step: Step, yardstick: Step, { warmUpMs, windowMs, count }: Windows) => {
  const timed = timer(step);
  const beside = timer(yardstick);
  await timed(warmUpMs);
  await beside(warmUpMs / 4);
  const us: number[] = [];
  const yardstickUs: number[] = [];
  for (let n = 0; n < count; n += 1) {
    yardstickUs.push(await beside(windowMs / 4));
    us.push(await timed(windowMs));
  }
  return { us, yardstickUs };
};

/** Runs the step for at least `ms` and gives the mean in µs. Promises are awaited one by one, as a Lambda does. */
const timer = (step: Step) => {
  let next = 0;
  let chunk = 1;
  return async (ms: number): Promise<number> => {
    let done = 0;
    const startedAt = performance.now();
    let elapsed = 0;
    do {
      for (let n = 0; n < chunk; n += 1) {
        const result = step(next);
        next += 1;
        if (result instanceof Promise) await result;
      }
      done += chunk;
      elapsed = performance.now() - startedAt;
    } while (elapsed < ms);
    chunk = Math.max(1, Math.ceil((CHUNK_MS * done) / elapsed));
    return (elapsed * 1_000) / done;
  };
};
