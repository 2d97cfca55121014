import { lookAtLead, observeLead } from '../../core/audience/lead-decisions.ts';
import { fitOf } from '../../core/audience/lead-fit.ts';
import type { LeadModel } from '../../core/audience/lead-model.ts';
import type { LeadModelSet } from '../../core/audience/lead-model-set.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import { isAnonymous } from '../../core/event/identity.ts';
import type { Timer } from '../../core/event/timer.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import type { FactSources } from '../intake/load-facts.ts';
import { factsFor } from '../intake/match-event.ts';
import { changeLead, type LeadPorts, setLeadTimer } from './change-lead.ts';

export type ScorePorts = LeadPorts & { sources: FactSources };

const PARALLEL_MODELS = 5;
const DAY_MS = 86_400_000;

/**
 * Counts an event for the leads of its person, in each model that has a rule for it. Running it twice is safe: a lead knows
 * its events. Throws RetryLater when others change the same lead all the time.
 */
export const observeEvent = async (
  ports: ScorePorts,
  set: LeadModelSet,
  event: AcceptedEvent,
  nowMs: number,
): Promise<void> => {
  const [facts = { event }] = await factsFor(ports.sources, set, [event]);
  const { profileId } = event;
  await inParallel(PARALLEL_MODELS, set.match(facts), async ({ model, rules }) => {
    const seen = { ...(await lookedAt(ports, model, profileId, nowMs)), event, rules };
    const key = { profileId, modelId: model.id };
    await changeLead(ports, key, nowMs, (stored) => observeLead(model, stored, seen, nowMs));
  });
};

/**
 * Looks at a lead again whose timer has rung. While its model is paused it stays as it is, and is asked after every day.
 * Running it twice is safe: the second time finds nothing to do.
 */
export const ringLead = async (ports: ScorePorts, model: LeadModel, timer: Timer, nowMs: number): Promise<void> => {
  const { profileId } = timer.event;
  const key = { profileId, modelId: model.id };
  if (model.state !== 'active') {
    const days = Math.floor(Math.max(0, nowMs - timer.dueMs) / DAY_MS) + 1;
    return setLeadTimer(ports.timers, key, timer.dueMs + days * DAY_MS);
  }
  const seen = { ...(await lookedAt(ports, model, profileId, nowMs)), dueMs: timer.dueMs };
  await changeLead(ports, key, nowMs, (stored) => lookAtLead(model, stored, seen, nowMs));
};

/** What the profile gives now. It is read only for models that ask about it; a second more decides nothing. */
const lookedAt = async ({ sources }: ScorePorts, model: LeadModel, profileId: string, nowMs: number) => {
  if (!model.fit?.length || isAnonymous(profileId)) return { profileId, fit: [] };
  const profile = (await sources.profiles.readMany([profileId])).get(profileId);
  return { profileId, fit: fitOf(model, profile, nowMs) };
};
