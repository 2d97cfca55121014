import type * as z from 'zod/mini';
import { hashOf } from '../strategy/plan-hash.ts';
import type { leadModelInput, leadRule, leadStage } from './lead-model-input.ts';

export type LeadRule = z.infer<typeof leadRule>;
export type LeadStage = z.infer<typeof leadStage>;
export type LeadModelInput = z.infer<typeof leadModelInput>;

export type LeadModel = LeadModelInput & {
  id: string;
  version: number;
  state: 'draft' | 'active' | 'paused';
  author: string;
  /** Everybody else who changed it: none of them may activate it. */
  editors: string[];
  createdMs: number;
  activatedBy?: string;
};

/** Name of the attribute that holds a person's stage, so that segments and triggers can ask for it. */
export const stageAttribute = (modelId: string): string => `${modelId}_stage`;

const DAY_MS = 86_400_000;
export const halfLifeMsOf = (model: Pick<LeadModelInput, 'halfLifeDays'>, one: LeadRule): number =>
  (one.halfLifeDays ?? model.halfLifeDays) * DAY_MS;

/**
 * Names a rule by all that it says and by its half-life: a rule that is changed is another rule. What the old one gave stays
 * and fades, what the new one gives begins at nothing, and so does the count of its caps.
 */
export const ruleKey = (model: Pick<LeadModelInput, 'halfLifeDays'>, one: LeadRule): string =>
  hashOf([one, halfLifeMsOf(model, one)]).slice(0, 8);
