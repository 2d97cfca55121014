import { mayCall } from '../../core/access/claims.ts';
import { PROFILE_READERS } from '../../core/access/role.ts';
import { routes } from '../../core/access/routes/previews.ts';
import { audienceSegment, operandsOf } from '../../core/audience/audience.ts';
import { type PeopleRef, peopleRefOf } from '../../core/audience/people-ref.ts';
import type { PreviewQuestion } from '../../core/audience/preview-query.ts';
import type { Lane } from '../../core/delivery/channel.ts';
import { queries } from '../adapters/athena.ts';
import { peopleOf, treeOf } from '../adapters/audiences.ts';
import { definitions } from '../adapters/definitions.ts';
import { profiles } from '../adapters/profiles.ts';
import { apiHandler } from '../middleware/api.ts';
import { readEnv } from '../middleware/read-env.ts';
import { orProblem } from './or-problem.ts';
import { env } from './preview-audience.env.ts';
import { previews } from './previews.ts';

const environment = readEnv(env);
const cutoffBytes = environment.QUERY_CUTOFF_BYTES;
const defs = definitions(environment.DEFINITIONS_TABLE);
const people = profiles(environment.PROFILES_TABLE);
const lake = queries({ workGroup: environment.ATHENA_WORK_GROUP, database: environment.GLUE_DATABASE });
const asked = previews({ lake, bucket: environment.WORK_BUCKET, cutoffBytes });

/** The HTTP API gives up after 30 s. */
const WAIT_MS = 20_000;

/** Counts people before anything is sent to them. Running it twice is safe: it only reads, and keeps what it has read. */
export const handler = apiHandler('audience/preview-audience', routes, {
  previewSegment: async ({ body, roles, nowMs }) => {
    const { id, settled, reused } =
      'previewId' in body
        ? await asked.await(body.previewId, WAIT_MS)
        : await asked.ask(await questionOf(body).catch(orProblem), nowMs, body.maxAgeSeconds * 1_000, WAIT_MS);
    if (!settled?.answer) return { body: { state: 'running', previewId: id } };
    const { figures, scannedBytes } = settled.answer;
    const { sample, ...counts } = figures;
    const share = counts.of > 0 ? counts.size / counts.of : 0;
    const asOf = new Date(settled.askedMs).toISOString();
    const about = {
      previewId: id,
      text: settled.text,
      exact: true,
      asOf,
      reused,
      scannedBytes,
      scanLimitBytes: cutoffBytes,
    };
    const shown = mayCall(PROFILE_READERS, roles) ? { sample: await profilesOf(sample) } : {};
    return { body: { state: 'done', ...counts, share, ...about, ...shown } };
  },
});

const questionOf = async (body: PeopleRef & { topic?: string | undefined; lane: Lane }): Promise<PreviewQuestion> => {
  const { tree, audience } = await peopleOf(defs, peopleRefOf(body));
  const operands = audience ? operandsOf(audience).map((operand) => treeOf(defs, audienceSegment(operand))) : [];
  // No key of a consent has an empty topic: then only the channel's counts.
  return { tree, operands: await Promise.all(operands), sending: { topic: body.topic ?? '', lane: body.lane } };
};

/** As they are now, in the order of the ids; who is gone since is left out. */
const profilesOf = async (ids: readonly string[]) => {
  const found = await people.readMany(ids);
  return ids.flatMap((id) => found.get(id) ?? []);
};
