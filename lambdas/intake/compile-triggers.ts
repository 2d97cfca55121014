import type { Trigger } from '../../core/event/trigger.ts';
import { buildTriggerSet } from '../../core/event/trigger-set.ts';
import { definitions } from '../adapters/definitions.ts';
import { writeObject } from '../adapters/objects.ts';
import { readEnv } from '../middleware/read-env.ts';
import { SNAPSHOT_KEY, triggerOf } from './active-triggers.ts';
import { env } from './compile-triggers.env.ts';
import { reportFaults } from './trigger-faults.ts';

const { DEFINITIONS_TABLE, WORK_BUCKET, METRICS_NAMESPACE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);

/**
 * Compiles all triggers in force into the snapshot that new environments of match-events load. Invoked by a schedule in the minute
 * after a trigger was activated or paused; until then, and when this fails, match-events takes in the changes one by one. Running it
 * twice is safe, also side by side: a snapshot says as of when it is, and whatever is newer is taken in from the table.
 */
export const handler = async (): Promise<{ triggers: number; bytes: number }> => {
  const nowMs = Date.now();
  const triggers = (await defs.all<Trigger>('trigger')).map(triggerOf);
  const { bytes, count, faults } = buildTriggerSet(triggers, nowMs);
  await writeObject(WORK_BUCKET, SNAPSHOT_KEY, bytes);
  reportFaults(METRICS_NAMESPACE, faults, nowMs);
  return { triggers: count, bytes: bytes.byteLength };
};
