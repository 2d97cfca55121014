import { routes } from '../../core/access/routes/leads.ts';
import { type LeadState, round2 } from '../../core/audience/lead.ts';
import { releaseStage, setStage } from '../../core/audience/lead-decisions.ts';
import { fitOf } from '../../core/audience/lead-fit.ts';
import type { LeadModel } from '../../core/audience/lead-model.ts';
import { scoreAt, sharesAt } from '../../core/audience/lead-score.ts';
import { profileId as personId } from '../../core/audience/profile.ts';
import { putAudit } from '../adapters/audit.ts';
import { definitions } from '../adapters/definitions.ts';
import { leads } from '../adapters/leads.ts';
import { profiles } from '../adapters/profiles.ts';
import { wakeSchedules } from '../adapters/schedules.ts';
import { timers } from '../adapters/timers.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import { changeLead } from './change-lead.ts';
import { env } from './manage-leads.env.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const people = profiles(environment.PROFILES_TABLE);
const ports = {
  leads: leads(environment.LEADS_TABLE),
  timers: timers(environment.TIMERS_TABLE, wakeSchedules(environment), () => Date.now()),
  stagesQueueUrl: environment.STAGES_QUEUE_URL,
};

/** Where people stand. Running a change twice is safe: a lead that is in the stage already does not move. */
export const handler = apiHandler('audience/manage-leads', routes, {
  listLeads: async ({ query: { modelId, stage, limit, cursor }, nowMs }) => {
    await load(modelId);
    const page = await ports.leads.inStage({ modelId, stage }, limit, cursor);
    const items = page.items.map(({ profileId, state }) => summaryOf({ profileId, modelId }, state, nowMs));
    return { body: { ...page, items } };
  },

  getProfileLeads: async ({ params, nowMs }) => {
    const profileId = idOf(params.profileId);
    const own = await ports.leads.ofPerson(profileId);
    const profile = own.length > 0 ? (await people.get(profileId))?.profile : undefined;
    const items = await Promise.all(
      own.map(async ({ modelId, state }) => {
        const model = (await defs.get<LeadModel>('lead-model', modelId))?.body;
        // The profile may have changed since somebody last looked.
        const fit = model ? fitOf(model, profile, nowMs) : state.fit;
        return viewOf({ profileId, modelId }, { ...state, fit }, nowMs);
      }),
    );
    return { body: { items } };
  },

  putLeadStage: async ({ params, body: { stage, note }, actor, nowMs }) => {
    const key = { profileId: idOf(params.profileId), modelId: params.modelId };
    const model = await load(key.modelId);
    if (stage !== null) refuseStage(model, stage);
    refuseDraft(model);
    const profile = (await people.get(key.profileId))?.profile;
    if (!profile) throw new Problem('not-found', `There is no profile ${key.profileId}`);
    // The entry goes first: a stage that nobody can account for is worse than an entry without its effect.
    const entry = { subject: `profile/${key.profileId}`, action: 'lead-stage', actor, atMs: nowMs, version: 0 };
    await putAudit(environment.AUDIT_TABLE, { ...entry, detail: `${model.id}: ${stage ?? 'by score'}` });
    const seen = { profileId: key.profileId, fit: fitOf(model, profile, nowMs) };
    const pin = { by: actor, atMs: nowMs, ...(note !== undefined && { note }) };
    const state = await contended(() =>
      changeLead(ports, key, nowMs, (stored) => {
        if (stage !== null) return setStage(model, stored, seen, stage, pin);
        return stored ? releaseStage(model, stored, seen, nowMs) : {};
      }),
    );
    if (!state) throw new Problem('not-found', `${key.profileId} is no lead of ${model.id}`);
    return { body: viewOf(key, state, nowMs) };
  },
});

const load = async (id: string): Promise<LeadModel> => {
  const stored = await defs.get<LeadModel>('lead-model', id);
  if (!stored) throw new Problem('not-found', `There is no lead model ${id}`);
  return stored.body;
};

const idOf = (value: string): string => {
  const id = personId.safeParse(value);
  if (!id.success)
    throw new Problem('not-found', 'A profile id has 1 to 128 characters, and does not begin with anonymous:');
  return id.data;
};

const refuseStage = ({ id, stages }: LeadModel, stage: string): void => {
  if (stages.some(({ name }) => name === stage)) return;
  const message = `${id} has no stage ${stage}; it has ${stages.map(({ name }) => name).join(', ')}`;
  throw new Problem('invalid-reference', message, { errors: [{ path: 'stage', message }] });
};

/** By hand as by score: nobody is handed over by what only its author has seen. */
const refuseDraft = ({ id, state }: LeadModel): void => {
  if (state === 'draft')
    throw new Problem('state-conflict', `${id} is a draft; stages move once somebody has activated it`);
};

const contended = async <T>(change: () => Promise<T>): Promise<T> => {
  try {
    return await change();
  } catch (error) {
    throw error instanceof RetryLater ? new Problem('version-conflict', `${error.message}; try again`) : error;
  }
};

type Key = { profileId: string; modelId: string };

const summaryOf = ({ profileId, modelId }: Key, state: LeadState, nowMs: number) => {
  const { stage, sinceMs, pin } = state;
  return { profileId, modelId, stage, sinceMs, score: round2(scoreAt(state, nowMs)), ...(pin && { pin }) };
};

const viewOf = (key: Key, state: LeadState, nowMs: number) => ({
  ...summaryOf(key, state, nowMs),
  why: sharesAt(state, nowMs),
  history: state.history.toReversed(),
});
