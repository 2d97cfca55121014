import { routes } from '../../core/access/routes/estimates.ts';
import { estimated, type Sample, type SampledPerson } from '../../core/audience/sample.ts';
import type { Person } from '../../core/audience/segment-predicate.ts';
import { peopleOf } from '../adapters/audiences.ts';
import { cached } from '../adapters/cache.ts';
import { definitions } from '../adapters/definitions.ts';
import { startExecution } from '../adapters/executions.ts';
import { gunzipLines } from '../adapters/lines.ts';
import { isMissing, readObject } from '../adapters/objects.ts';
import { apiHandler } from '../middleware/api.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './estimate-audience.env.ts';
import { orProblem } from './or-problem.ts';

const { DEFINITIONS_TABLE, WORK_BUCKET, SAMPLE_MACHINE_ARN } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);

const HOUR_MS = 3_600_000;
/** An older sample still answers, but a new one is drawn meanwhile: a scan of the lake, so not for each estimate. */
const OLD_MS = 6 * HOUR_MS;

/** The sample by its key, whose object never changes; one at a time, for it may have 25 MB. */
const peopleIn = cached(
  Number.POSITIVE_INFINITY,
  async (key: string): Promise<Person[]> => {
    const people: Person[] = [];
    for await (const line of gunzipLines(await readObject(WORK_BUCKET, key))) {
      const { lists, ...person } = JSON.parse(line) as SampledPerson;
      people.push({ ...person, lists: new Set(lists) });
    }
    return people;
  },
  1,
);

/** Says in an instant about how many people something is. Running it twice is safe: it reads, and asks for one sample an hour. */
export const handler = apiHandler('audience/estimate-audience', routes, {
  estimateSegment: async ({ body, nowMs }) => {
    const [{ tree }, sample] = await Promise.all([
      peopleOf(defs, body).catch(orProblem),
      defs.get<Sample>('sample', 'current').then((stored) => stored?.body),
    ]);
    const people = sample && (await load(sample));
    if (!sample || !people) {
      await drawSample(nowMs);
      return { body: { state: 'preparing' } };
    }
    // The old one answers whether or not a new one can be drawn.
    if (sample.takenMs < nowMs - OLD_MS) await drawSample(nowMs).catch(noted);
    const { size, low, high } = estimated(tree, people, sample);
    const share = sample.of > 0 ? size / sample.of : 0;
    const about = { sampleSize: people.length, asOf: new Date(sample.takenMs).toISOString() };
    return { body: { state: 'done', size, low, high, of: sample.of, share, exact: false, ...about } };
  },
});

/** Undefined when the file has expired: then nobody has asked for a month. */
const load = (sample: Sample): Promise<Person[] | undefined> =>
  peopleIn(sample.key).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });

const noted = (error: unknown): void => console.warn({ message: 'No new sample is drawn', error: String(error) });

/** One execution an hour, whoever asks. */
const drawSample = async (nowMs: number): Promise<void> => {
  const sampleId = `sample-${Math.floor(nowMs / HOUR_MS)}`;
  await startExecution(SAMPLE_MACHINE_ARN, sampleId, { sampleId, takenMs: nowMs });
};
