import { erasures } from '../adapters/erasures.ts';
import { hasher } from '../adapters/person-hash.ts';
import { secretText } from '../adapters/secrets.ts';
import { readEnv } from '../middleware/read-env.ts';
import { forgetInTables } from './forget-in-tables.ts';
import { env } from './forget-person.env.ts';

const environment = readEnv(env);
const store = erasures(environment.ERASURES_TABLE, hasher(() => secretText(environment.ERASURE_KEY_ARN)).hash);
const ports = { erasures: store, tables: environment };

/**
 * Task of erase-person: removes the person from the tables; with `settled`, for the last time before the passes, after every
 * worker that did not know of the erasure has ended. Running it twice is safe: what is gone is not found.
 */
export const handler = async ({ erasureId, settled }: { erasureId: string; settled: boolean }): Promise<void> => {
  const person = await store.person(erasureId);
  // A pass has finished it meanwhile.
  if (!person) return;
  const nowMs = Date.now();
  const found = await forgetInTables(ports, person, nowMs);
  if (found && settled) await store.note({ ...found, settledMs: nowMs }, nowMs);
};
