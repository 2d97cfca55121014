import { expect } from 'vitest';
import type { Sql } from '../../../core/audience/sql.ts';
import type { Progress } from '../../../lambdas/audience/apply-scores.ts';
import { call } from '../api-call.ts';
import { audienceWorld } from './audience-world.ts';

const DAY = 86_400_000;
export const forever = { getRemainingTimeInMillis: () => 60_000 };
export const noProgress: Progress = { file: 0, line: 0, scored: 0, changed: 0, moved: {} };
export const purchase = { event: 'purchase', amount: 'amount' };

/** More than a writer holds at once. */
export const ALL = 620;
export const PEOPLE = Array.from({ length: ALL }, (_, n) => `m${String(n).padStart(3, '0')}`);

export type View = {
  id: string;
  version: number;
  attributes: string[];
  activeNumber?: number;
  run?: { id: number; number: number };
  lastRun?: { outcome: string; reason?: string; changed?: number; scored?: number };
  versions: { number: number; headline: string; people: number }[];
};
type Version = {
  people: number;
  sampled: number;
  report: object;
  drift?: Record<string, { index: number; verdict: string }>;
  applied?: { scored: number; changed: number; moved: Record<string, Record<string, number>> };
};

/** The local cloud with what defines, fits and applies models, as the API and the state machine call it. */
export const modelWorld = async () => {
  const world = await audienceWorld();
  const models = (await import('../../../lambdas/audience/manage-models.ts')).handler;
  const profilesApi = (await import('../../../lambdas/audience/manage-profiles.ts')).handler;
  const prepare = (await import('../../../lambdas/audience/prepare-fit.ts')).handler;
  const fitting = (await import('../../../lambdas/audience/fit-model.ts')).handler;
  const apply = (await import('../../../lambdas/audience/apply-scores.ts')).handler;
  const finish = (await import('../../../lambdas/audience/finish-fit.ts')).handler;
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const { queries } = await import('../../../lambdas/adapters/athena.ts');
  const defs = definitions(process.env.DEFINITIONS_TABLE ?? '');
  const lake = queries({ workGroup: 'herald', database: 'herald' });

  const put = (modelId: string, model: object, version = 0) =>
    call(models, {
      route: 'PUT /v1/models/{modelId}',
      params: { modelId },
      body: { version, model: { name: 'x', purchase, ...model } },
    });
  const get = async (modelId: string) =>
    (await call(models, { route: 'GET /v1/models/{modelId}', params: { modelId } })).body as View;
  const begin = (modelId: string) =>
    call(models, { route: 'POST /v1/models/{modelId}/fit', params: { modelId }, body: {} });
  const activate = (modelId: string, number: number) =>
    call(models, {
      route: 'POST /v1/models/{modelId}/versions/{number}/activate',
      params: { modelId, number: String(number) },
      body: {},
    });
  const putProfile = (profileId: string, attributes: object) =>
    call(profilesApi, { route: 'PUT /v1/profiles/{profileId}', params: { profileId }, body: { attributes } });

  /** As the state machine does it, from the lake as it is now. `run` has begun. */
  const unload = async (modelId: string, run: number): Promise<string> => {
    world.flushLake();
    // The lake of this test is always up to date: the wait for it is the state machine's test.
    const stored = await defs.get<Record<string, { endedMs: number }>>('model', modelId);
    if (stored?.body.lastRun) {
      const body = { ...stored.body, lastRun: { ...stored.body.lastRun, endedMs: 0 } };
      await defs.put('model', modelId, { ...body, version: stored.version + 1 }, stored.version, 1);
    }
    const { sql } = await prepare({ modelId, run });
    const id = await lake.start(sql.replace('/unload/', `/unload-${Math.random()}/`) as Sql);
    const { state, reason, manifest = '' } = await lake.settled(id, 20_000);
    if (state !== 'succeeded') throw new Error(reason);
    return manifest;
  };

  return {
    ...{ world, models, prepare, fitting, apply, finish, defs, put, get, begin, activate, putProfile, unload },

    /**
     * People who buy every so many days, the more often the lower their number; every other one of the rarer ones has
     * stopped. A third lives in Paris, the others in Rome.
     */
    async openShop(): Promise<void> {
      const nowMs = Date.now();
      const rows = PEOPLE.flatMap((profile_id, n) => {
        const every = 10 + n;
        const lastDays = n < 100 || n % 2 === 0 ? 1 + (n % 7) : 70 + (n % 60);
        const times = Array.from({ length: Math.ceil(360 / every) }, (_, k) => nowMs - (lastDays + k * every) * DAY);
        return times.map((time_ms, k) => ({
          ...{ id: `${profile_id}-${k}`, type: 'purchase', profile_id, source: 'shop', time_ms, received_ms: nowMs },
          properties: JSON.stringify({ amount: 5 + (n % 40) }),
        }));
      });
      await world.appendEvents(rows);
      for (let at = 0; at < PEOPLE.length; at += 20) {
        const some = PEOPLE.slice(at, at + 20);
        await Promise.all(some.map((id, n) => putProfile(id, { city: (at + n) % 3 === 0 ? 'Paris' : 'Rome' })));
      }
      world.flushLake();
    },
    versionOf: async (modelId: string, number: number) => {
      const route = 'GET /v1/models/{modelId}/versions/{number}';
      return (await call(models, { route, params: { modelId, number: String(number) } })).body as Version;
    },
    attributesOf: async (profileId: string) => {
      const body = (await world.item('Profiles', profileId))?.body?.S ?? '{}';
      return (JSON.parse(body) as { attributes: Record<string, unknown> }).attributes;
    },
    async wholeRun(modelId: string): Promise<View> {
      const begun = await begin(modelId);
      expect(begun.status).toBe(202);
      const run = (begun.body as View).run?.id ?? 0;
      const manifest = await unload(modelId, run);
      const { unfit, doubt } = await fitting({ modelId, run, manifest });
      if (unfit || doubt) await finish({ modelId, run, unfit, doubt });
      else {
        const { done, progress } = await apply({ modelId, run, manifest, progress: noProgress }, forever);
        expect(done).toBe(true);
        await finish({ modelId, run, progress });
      }
      return get(modelId);
    },
  };
};
export type ModelWorld = Awaited<ReturnType<typeof modelWorld>>;
