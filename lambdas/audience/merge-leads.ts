import type { LeadState } from '../../core/audience/lead.ts';
import { mergeLead } from '../../core/audience/lead-decisions.ts';
import type { LeadModel } from '../../core/audience/lead-model.ts';
import { anonymousProfileId, type Link } from '../../core/event/identity.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { changeLead, type LeadPorts } from './change-lead.ts';

const PARALLEL_MODELS = 5;

/**
 * The leads of an anonymous person become the profile's, in each model. Running it twice is safe: a lead knows its events,
 * and whose sums it has taken over.
 */
export const mergeLeads = async (
  ports: LeadPorts & { definitions: Definitions },
  link: Link,
  nowMs: number,
): Promise<void> => {
  const found = await ports.leads.ofPerson(anonymousProfileId(link.alias));
  await inParallel(PARALLEL_MODELS, found, ({ modelId, state }) => mergeInto(ports, link, modelId, state, nowMs));
};

const mergeInto = async (
  ports: LeadPorts & { definitions: Definitions },
  link: Link,
  modelId: string,
  from: LeadState,
  nowMs: number,
): Promise<void> => {
  const model = (await ports.definitions.get<LeadModel>('lead-model', modelId))?.body;
  if (!model) return;
  const key = { profileId: link.profileId, modelId };
  await changeLead(ports, key, nowMs, (into) => mergeLead(model, into, from, link, nowMs));
};
