import type { ResolvedSegment } from '../segment.ts';
import { type FactsQuestion, OWN_TRAITS } from './facts-sql.ts';
import { cutOffsOf } from './fit.ts';
import { attributesOf, type Model, type Run } from './model.ts';

/** Traits that the model looks at, in the order of the columns. */
export const traitsOf = ({ input }: Pick<Model, 'input'>): string[] =>
  input.type === 'lookalike' ? [...OWN_TRAITS, ...input.attributes.map((name) => `attributes.${name}`)] : [];

/**
 * What a run asks the lake. `model` has the input that is fitted, or that the version was fitted with. To write the values of
 * a version that exists, nobody's past is needed.
 */
export const factsQuestionOf = (
  model: Pick<Model, 'id' | 'input'>,
  { kind, startedMs }: Pick<Run, 'kind' | 'startedMs'>,
  seed: ResolvedSegment | undefined,
): FactsQuestion => {
  const { input } = model;
  const cutOffs = cutOffsOf(input, startedMs);
  return {
    event: input.purchase.event,
    amount: input.purchase.amount,
    cutOffs: kind === 'fit' ? cutOffs : cutOffs.filter(({ part }) => part === 'now'),
    attributes: attributesOf(model),
    ...(seed && { lookalike: { seed, nowMs: startedMs, traits: traitsOf(model) } }),
  };
};
