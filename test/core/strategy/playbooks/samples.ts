import type { Playbook } from '../../../../core/strategy/playbook/playbook.ts';
import type { TemplateVariables } from '../../../../core/strategy/template-variables.ts';

/** What a playbook is started with in tests: an example for everything that has no default. */
export const examplesOf = ({ parameters }: Playbook): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, parameter]) =>
      'example' in parameter && parameter.kind !== 'attribute' && !('default' in parameter)
        ? [[name, parameter.example]]
        : [],
    ),
  );

/** The attributes that a playbook reads, by the names that it has for them itself. */
export const attributesOf = ({ parameters }: Playbook): Record<string, string | number> =>
  Object.fromEntries(
    Object.values(parameters).flatMap((parameter) =>
      parameter.kind === 'attribute' ? [[parameter.default, parameter.example]] : [],
    ),
  );

/** An event as the parameter of that name describes it. */
export const eventOf = ({ id, parameters }: Playbook, name: string) => {
  const parameter = parameters[name];
  if (parameter?.kind !== 'event') throw new Error(`${id} has no event ${name}`);
  return { type: parameter.default, properties: parameter.properties };
};

/** Name of the parameter that says which event the plan starts from; undefined when none does. */
export const startOf = ({ plan }: Playbook): string | undefined => {
  if (plan.kind === 'trigger') return parameterOf(plan.draft.eventType);
  const entry = plan.kind === 'journey' ? plan.draft.entry : undefined;
  return typeof entry === 'object' && 'event' in entry && typeof entry.event === 'object'
    ? parameterOf(entry.event.eventType)
    : undefined;
};
const parameterOf = (placeholder: string): string => placeholder.slice(2, -2);

/** What the templates of a playbook are rendered with: Ada, who has all attributes, or Bob, who has none. */
export const variablesOf = (playbook: Playbook, who: 'ada' | 'bob', locale: string): TemplateVariables => {
  const start = startOf(playbook);
  const [timeMs, source] = [Date.UTC(2026, 10, 18, 12), 'shop'];
  return {
    profile: { profileId: who, locale, attributes: who === 'ada' ? attributesOf(playbook) : {} },
    ...(start && {
      event: { id: 'e1', profileId: who, source, timeMs, receivedMs: timeMs, ...eventOf(playbook, start) },
    }),
    ...(playbook.plan.kind === 'trigger' && { window: { value: 1_019.5 } }),
  };
};
