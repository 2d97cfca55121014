import type { LeadModelSet } from '../../core/audience/lead-model-set.ts';
import { modelOfTimer } from '../../core/audience/lead-timer.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import type { Link } from '../../core/event/identity.ts';
import type { Timer } from '../../core/event/timer.ts';
import type { Definitions } from '../adapters/definitions.ts';
import type { Timers } from '../adapters/timers.ts';
import { activeLeadModels } from './active-lead-models.ts';
import type { FactSources } from './load-facts.ts';
import type { MatchPorts } from './match-event.ts';

type Settings = {
  leadsTable: string;
  /** URL of the queue of publish-stages. */
  stagesQueueUrl: string;
  timers: Timers;
  sources: FactSources;
  definitions: Definitions;
  report: MatchPorts['report'];
};

/**
 * What match-events does for leads. An event that no model wants costs no request; the code that scores is loaded when
 * there is something to score, for most cold starts do without. Running it twice is safe: a lead knows its events, a timer
 * that rings again finds nothing to do, and a stage change that is published again is the same one.
 */
export const leadScoring = ({ leadsTable, report, ...rest }: Settings) => {
  const models = activeLeadModels(rest.definitions, report);
  const load = async () => {
    const [{ leads }, work, { mergeLeads }] = await Promise.all([
      import('../adapters/leads.ts'),
      import('../audience/observe-leads.ts'),
      import('../audience/merge-leads.ts'),
    ]);
    return { ...work, mergeLeads, ports: { ...rest, leads: leads(leadsTable) } };
  };
  let loaded: ReturnType<typeof load> | undefined;
  const loadOnce = () => {
    loaded ??= load();
    return loaded;
  };
  return {
    models,

    /** Shows an event to the models that want it, or looks at the lead whose timer has rung. Throws RetryLater. */
    async score(set: LeadModelSet, event: AcceptedEvent, timer: Timer | undefined, nowMs: number): Promise<void> {
      const model = timer && set.get(modelOfTimer(timer) ?? '');
      if (timer ? !model : !set.wants(event.type)) return;
      const { ports, observeEvent, ringLead } = await loadOnce();
      if (timer && model) await ringLead(ports, model, { ...timer, event }, nowMs);
      else await observeEvent(ports, set, event, nowMs);
    },

    /** The leads of an anonymous person become the profile's. */
    async merge(link: Link): Promise<void> {
      if ((await models()).isEmpty) return;
      const { ports, mergeLeads } = await loadOnce();
      await mergeLeads(ports, link, Date.now());
    },
  };
};
