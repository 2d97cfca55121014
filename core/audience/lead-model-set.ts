import type { Facts } from '../event/evaluate.ts';
import type { Needs } from '../event/facts.ts';
import { buildSnapshot, loadMatcher, type Matcher } from '../event/matcher.ts';
import type { Rule } from '../event/plain-matcher.ts';
import { assertSound } from '../event/sound-condition.ts';
import type { TriggerFault } from '../event/trigger-fault.ts';
import type { LeadModel, LeadRule } from './lead-model.ts';

/** A model in force and those of its rules that an event matches. */
export type LeadMatch = { model: LeadModel; rules: LeadRule[] };

/** The lead models as they now are, ready to be matched. */
export type LeadModelSet = {
  /** Whether some rule in force listens to events of this type. */
  wants(eventType: string): boolean;
  /** What to read before this event can be matched; undefined when the event is enough. */
  needs(event: Facts['event']): Needs | undefined;
  match(facts: Facts): LeadMatch[];
  /** In whatever state. */
  get(id: string): LeadModel | undefined;
  /** True when there is no model at all, in whatever state. */
  isEmpty: boolean;
};

/** The set of these models; those in force that this release cannot carry out are left out and named. */
export const leadModelSet = (models: readonly LeadModel[]): { set: LeadModelSet; faults: TriggerFault[] } => {
  const faults: TriggerFault[] = [];
  const rules = models.flatMap((model): Rule[] => {
    if (model.state !== 'active') return [];
    try {
      return rulesOf(model);
    } catch (error) {
      faults.push({ triggerId: `lead-model/${model.id}`, name: model.name, error: String(error) });
      return [];
    }
  });
  const matcher: Matcher = loadMatcher(buildSnapshot(rules));
  const byId = new Map(models.map((model) => [model.id, model]));
  const match = (facts: Facts): LeadMatch[] => {
    const found = matcher.match(facts).map((id) => id.split('/') as [string, string]);
    return [...Map.groupBy(found, ([modelId]) => modelId)].flatMap(([modelId, own]) => {
      const model = byId.get(modelId);
      const matched = own.flatMap(([, n]) => model?.rules[Number(n)] ?? []);
      return model && matched.length > 0 ? [{ model, rules: matched }] : [];
    });
  };
  const set: LeadModelSet = {
    wants: matcher.wants,
    needs: matcher.needs,
    match,
    get: (id) => byId.get(id),
    isEmpty: models.length === 0,
  };
  return { set, faults };
};

/** Throws for what this release cannot carry out: a rule that fails would fail for the models beside it. */
const rulesOf = ({ id, rules, fit = [] }: LeadModel): Rule[] => {
  for (const one of fit.flatMap(({ where }) => where)) assertSound(one);
  return rules.map(({ eventType, where = [] }, n) => {
    for (const one of where) assertSound(one);
    const rule: Rule = { id: `${id}/${n}`, eventType, where };
    const alone = loadMatcher(buildSnapshot([rule]));
    const event = { type: eventType, timeMs: 0, properties: {} };
    alone.needs(event);
    alone.match({ event });
    return rule;
  });
};
