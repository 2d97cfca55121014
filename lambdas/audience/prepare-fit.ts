import { factsQuestionOf } from '../../core/audience/models/facts-question.ts';
import { factsQuery } from '../../core/audience/models/facts-sql.ts';
import type { ModelInput } from '../../core/audience/models/model.ts';
import { Unfit } from '../../core/audience/models/unfit.ts';
import { UnresolvableSegment } from '../../core/audience/resolve-segment.ts';
import type { ResolvedSegment } from '../../core/audience/segment.ts';
import { peopleOf } from '../adapters/audiences.ts';
import { definitions } from '../adapters/definitions.ts';
import { readEnv } from '../middleware/read-env.ts';
import { loadRun, loadVersion, NotReady, type RunTask } from './model-run.ts';
import { env } from './prepare-fit.env.ts';

const { DEFINITIONS_TABLE, WORK_BUCKET, GLUE_DATABASE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);

/**
 * A run writes what differs from the values in the lake, so those of the run before must be there: Firehose gathers for a
 * minute, and this is three times that.
 */
const LAKE_LAG_MS = 180_000;

/**
 * Task of fit-model: the UNLOAD of what is known of people, and whether there is a version to be fitted. The folder in it
 * gets the number of the attempt from the state machine. Running it twice is safe: the run began when it began, so the query is the
 * same. Throws Unfit when the seed is gone, RunGone and NotReady.
 */
export const handler = async (
  task: RunTask,
): Promise<{ sql: string; folder: string; database: string; fits: boolean }> => {
  const { stored, run } = await loadRun(defs, task);
  const { lastRun } = stored.body;
  if (lastRun && Date.now() - lastRun.endedMs < LAKE_LAG_MS) {
    throw new NotReady(`What run ${lastRun.id} of model ${task.modelId} wrote may not be in the lake yet`);
  }
  // A version is applied as it was fitted, whatever the model has become since.
  const input = run.kind === 'fit' ? stored.body.input : (await loadVersion(defs, task.modelId, run.number)).input;
  const question = factsQuestionOf({ id: task.modelId, input }, run, await seedOf(input));
  const folder = `s3://${WORK_BUCKET}/models/${task.modelId}/${run.id}/unload/`;
  return { sql: factsQuery(question, folder), folder, database: GLUE_DATABASE, fits: run.kind === 'fit' };
};

/** The seed with the rules that it refers to, as they are now. */
const seedOf = async (input: ModelInput): Promise<ResolvedSegment | undefined> => {
  if (input.type !== 'lookalike') return undefined;
  try {
    return (await peopleOf(defs, input.seed)).tree;
  } catch (error) {
    throw error instanceof UnresolvableSegment ? new Unfit(error.message) : error;
  }
};
