import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** What is made under a lock takes a minute at most; a lock that is older than this was left by a process that died. */
const STALE_LOCK_MS = 300_000;

/** One process holds `file`, the others wait for it. Answers what gives it back. */
export const lock = async (file: string): Promise<() => void> => {
  for (;;) {
    try {
      closeSync(openSync(file, 'wx'));
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > STALE_LOCK_MS) rmSync(file, { force: true });
      await wait(200);
    }
  }
};
