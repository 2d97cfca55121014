import { gzipSync } from 'node:zlib';
import { attributeNames, type Sample, sampledPeople } from '../../core/audience/sample.ts';
import { type SampleRow, sampleQuery } from '../../core/audience/sample-query.ts';
import { queries } from '../adapters/athena.ts';
import { definitions } from '../adapters/definitions.ts';
import { gunzipLines } from '../adapters/lines.ts';
import { readObject, writeObject } from '../adapters/objects.ts';
import { unloadedFiles } from '../adapters/unloaded-files.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './freeze-sample.env.ts';

const { DEFINITIONS_TABLE, WORK_BUCKET, ATHENA_WORK_GROUP, GLUE_DATABASE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const lake = queries({ workGroup: ATHENA_WORK_GROUP, database: GLUE_DATABASE });

/** Longer than most queries take, so that the state machine rarely asks twice. */
const WAIT_MS = 30_000;

/** Athena is not done. The state machine asks again on this name. */
class QueryRunning extends Error {
  override name = 'QueryRunning';
}

type Task = { sampleId: string; takenMs: number };

/**
 * Task of freeze-sample: has Athena draw a sample of the base, and keeps it as one file for the estimates. Running it twice
 * is safe: the query's token makes it one query, the same rows make the same file, and an older sample replaces no newer one.
 */
export const handler = async ({ sampleId, takenMs }: Task): Promise<Sample | undefined> => {
  const location = `s3://${WORK_BUCKET}/snapshots/${sampleId}/unload/`;
  const queryId = await lake.start(sampleQuery({ salt: sampleId, location }), `herald-sample-of-the-base-${sampleId}`);
  const { state, reason, manifest } = await lake.settled(queryId, WAIT_MS);
  if (state === 'running') throw new QueryRunning(`Query ${queryId} of ${sampleId}`);
  if (state === 'failed') throw new Error(`The sample ${sampleId} cannot be drawn: ${reason}`);

  const files = manifest ? await unloadedFiles(WORK_BUCKET, manifest) : [];
  const { people, of } = await sampledPeople(rowsOf(files));
  const key = `samples/${sampleId}.ndjson.gz`;
  await writeObject(WORK_BUCKET, key, gzipSync(people.map((person) => `${JSON.stringify(person)}\n`).join('')));

  const current = await defs.get<Sample>('sample', 'current');
  if (current && current.body.takenMs >= takenMs) return undefined;
  const sample: Sample = { key, takenMs, people: people.length, of, attributes: attributeNames(people) };
  await defs.put('sample', 'current', sample, current?.version ?? 0, Date.now());
  return sample;
};

async function* rowsOf(files: readonly string[]): AsyncGenerator<SampleRow> {
  for (const file of files) {
    for await (const line of gunzipLines(await readObject(WORK_BUCKET, file))) yield JSON.parse(line) as SampleRow;
  }
}
