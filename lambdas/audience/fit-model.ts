import { type FactsRow, factsOf } from '../../core/audience/models/facts.ts';
import { traitsOf } from '../../core/audience/models/facts-question.ts';
import { cutOffsOf, doubtAbout, driftSince, fitModel, headlineOf, watchedOf } from '../../core/audience/models/fit.ts';
import { attributesOf, type Model, type ModelVersion, type Run, versionId } from '../../core/audience/models/model.ts';
import { withVersion } from '../../core/audience/models/model-decisions.ts';
import { SAMPLE_LIMITS, samplesOf } from '../../core/audience/models/samples.ts';
import { Unfit } from '../../core/audience/models/unfit.ts';
import { definitions, type Stored, VersionConflict } from '../adapters/definitions.ts';
import { unloadedRows } from '../adapters/unloaded-rows.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './fit-model.env.ts';
import { loadRun, type RunTask } from './model-run.ts';

const { DEFINITIONS_TABLE, WORK_BUCKET } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);

/** One for all fits: refits look at the same people as far as they are still there, so that drift is theirs. */
const SEED = 20_260_101;

type Task = RunTask & { manifest: string };

/**
 * Task of fit-model: fits a version to samples of the UNLOAD's people, compares it with the version before, and stores it
 * with its report. Memory: twice the samples, whatever the number of people. Running it twice is safe: the same file gives
 * the same version, and one that is stored stays. `unfit`: why the data cannot carry the model, '' when they can; `doubt`: why the version is
 * not to be used by itself, '' when nothing speaks against it. Throws RunGone and NotReady.
 */
export const handler = async (task: Task): Promise<{ unfit: string; doubt: string }> => {
  const { stored, run } = await loadRun(defs, task);
  const id = versionId(task.modelId, run.number);
  const known = (await defs.get<ModelVersion>('model-version', id))?.body;
  const version = known ?? (await fitVersion(stored.body, run, task.manifest).catch(orReason));
  if (typeof version === 'string') return { unfit: version, doubt: '' };
  if (!known) await storeOnce(id, version);
  await listVersion(stored, version);
  return { unfit: '', doubt: doubtAbout(version.report) ?? '' };
};

const orReason = (error: unknown): string => {
  if (error instanceof Unfit) return error.message;
  throw error;
};

const fitVersion = async (model: Model, run: Run, manifest: string): Promise<ModelVersion> => {
  const cutOffs = cutOffsOf(model.input, run.startedMs);
  const samples = samplesOf(SAMPLE_LIMITS[model.input.type], SEED);
  const [attributes, traits] = [attributesOf(model).length, traitsOf(model)];
  for await (const { row } of unloadedRows<FactsRow>(WORK_BUCKET, manifest)) {
    samples.add(factsOf(row, attributes, traits));
  }
  const cutMs = run.startedMs + 1;
  const { kmeans } = await import('ml-kmeans');
  const fitted = fitModel(model.input, samples.drawn(), cutOffs, { seed: SEED, kmeans });
  const before = await latestVersion(model);
  return {
    modelId: model.id,
    number: run.number,
    input: model.input,
    fittedMs: run.startedMs,
    people: samples.scorable(),
    sampled: fitted.people.length,
    parameters: fitted.parameters,
    report: fitted.report,
    watched: watchedOf(fitted, cutMs),
    ...(before && { drift: driftSince(before, fitted.people, cutMs) }),
  };
};

const latestVersion = async ({ id, versions }: Model): Promise<ModelVersion | undefined> => {
  const [latest] = versions;
  return latest && (await defs.get<ModelVersion>('model-version', versionId(id, latest.number)))?.body;
};

const storeOnce = async (id: string, version: ModelVersion): Promise<void> => {
  try {
    await defs.put('model-version', id, version, 0, version.fittedMs);
  } catch (error) {
    // Another attempt of this task was faster, with the same version.
    if (!(error instanceof VersionConflict)) throw error;
  }
};

const listVersion = async (
  stored: Stored<Model>,
  { number, fittedMs, people, report }: ModelVersion,
): Promise<void> => {
  const model = withVersion(stored.body, { number, fittedMs, people, headline: headlineOf(report) });
  await defs.put('model', model.id, model, stored.version, fittedMs);
};
