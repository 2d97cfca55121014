import { inject, onTestFinished } from 'vitest';
import { type CloudOptions, startCloud } from '../../local/cloud.ts';
import { story } from '../../scripts/story.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the synthesized app of stage local, made once before all tests. */
    assembly: string;
  }
}

/** Noon of a Wednesday, so that nothing depends on the edge of a day. */
export const WEDNESDAY_NOON = Date.UTC(2026, 10, 18, 12);

/** A local cloud of the test's own on a virtual clock, with the story's steps; stops when the test ends. */
export const boot = async (options: { startMs?: number; persist?: string; faults?: CloudOptions['faults'] } = {}) => {
  const cloud = await startCloud({
    assembly: inject('assembly'),
    clock: { virtualStartMs: options.startMs ?? WEDNESDAY_NOON },
    ...(options.persist && { persist: options.persist }),
    ...(options.faults && { faults: options.faults }),
  });
  onTestFinished(() => cloud.stop());
  return { cloud, ...story(cloud) };
};
export type Herald = Awaited<ReturnType<typeof boot>>;
