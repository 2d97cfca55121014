import { ledger } from '../adapters/ledger.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './check-drained.env.ts';

const { LEDGER_TABLE } = readEnv(env);
const progress = ledger(LEDGER_TABLE);

/** The run still has recipients without a final outcome. The state machine asks again on this name. */
class NotDrained extends Error {
  override name = 'NotDrained';
}

/**
 * Returns once every batch of every part of a run has ended: each recipient has a final outcome. Only reads, so running
 * it twice is safe. Throws NotDrained while something is under way.
 */
export const handler = async ({ runId, parts }: { runId: string; parts: number }) => {
  const found = await progress.parts(runId);
  const batches = found.reduce((sum, part) => sum + part.batches, 0);
  const done = found.reduce((sum, part) => sum + part.done, 0);
  const drained = found.filter((part) => part.done === part.batches).length;
  if (found.length < parts || drained < found.length) {
    throw new NotDrained(`${drained} of ${parts} parts, ${done} of ${batches} batches of ${runId} are done`);
  }
  return { parts, batches };
};
