import type { Sql } from '../../core/audience/sql.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { queries } from '../adapters/athena.ts';
import { definitions } from '../adapters/definitions.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { journeys } from '../adapters/journeys.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './count-experiments.env.ts';
import { type CountPorts, countJourney } from './count-journey.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, ATHENA_WORK_GROUP, GLUE_DATABASE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const lake = queries({ workGroup: ATHENA_WORK_GROUP, database: GLUE_DATABASE });

const WAIT_MS = 280_000;
/** Athena runs 20 queries of an account at a time, and others ask, too. */
const PARALLEL = 5;

const ports: CountPorts = {
  defs,
  sinks: { auditTable: AUDIT_TABLE },
  versionOf: journeys(defs).versionOf,
  query: async (sql: Sql) => {
    const id = await lake.start(sql);
    const { state, reason } = await lake.settled(id, WAIT_MS);
    if (state !== 'succeeded') throw new Error(`Query ${id} is ${state}: ${reason}`);
    return lake.rows(id);
  },
};

/**
 * Once a day: counts the experiments of all journeys that run. One that fails keeps no other waiting; it fails the whole at the end, so that
 * Lambda comes again. Running it twice is safe: see count-journey.ts.
 */
export const handler = async (): Promise<{ counted: number }> => {
  const nowMs = Date.now();
  const running = (await defs.all<LiveJourney>('live-journey')).filter(({ body }) => body.state !== 'stopped');
  let counted = 0;
  const failures: unknown[] = [];
  await inParallel(PARALLEL, running, async ({ body, version }) => {
    try {
      counted += await countJourney(ports, { ...body, version }, nowMs);
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
  return { counted };
};
