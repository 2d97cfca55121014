import * as z from 'zod/mini';
import { condition } from '../event/condition.ts';
import { leavesOf } from '../event/condition-tree.ts';
import { eventType, where } from '../event/event-pattern.ts';
import { isOwnType } from '../event/own-event.ts';
import { round2 } from './lead.ts';
import type { LeadModelInput, LeadStage } from './lead-model.ts';

/** Id of a lead model: with `_stage` behind it, it is the attribute that holds a person's stage. */
export const leadModelId = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9_]{0,39}$/, 'A lower-case letter, then up to 39 lower-case letters, digits and _'));

const label = z.string().check(z.minLength(1), z.maxLength(60));
const points = z.number().check(
  z.minimum(-1_000),
  z.maximum(1_000),
  z.refine((value) => value !== 0, 'Zero points say nothing'),
);
const halfLifeDays = z.number().check(z.minimum(0.1), z.maximum(3_650));
const threshold = z.optional(
  z.number().check(
    z.minimum(-100_000),
    z.maximum(100_000),
    z.refine((value) => round2(value) === value, 'At most two decimals'),
  ),
);

export const leadRule = z.strictObject({
  label,
  eventType: eventType.check(
    z.refine((type) => !isOwnType(type), 'A score that moves by its own stages would never rest'),
  ),
  where,
  points,
  /** Absent: the model's. */
  halfLifeDays: z.optional(halfLifeDays),
  /** Of a person's events of one day (UTC) at most so many count, the earliest. */
  capPerDay: z.optional(z.int().check(z.minimum(1), z.maximum(100))),
  /** Of all of a person's events at most so many count, the earliest. */
  maxTimes: z.optional(z.int().check(z.minimum(1), z.maximum(1_000))),
});

/** Points for what somebody is, not for what they do: they do not fade. */
const fit = z.strictObject({
  label,
  where: z.array(condition).check(
    z.minLength(1),
    z.maxLength(20),
    z.refine(
      (all) => all.flatMap(leavesOf).every((leaf) => 'attribute' in leaf || 'field' in leaf),
      'Points of a profile ask about attributes and fields only',
    ),
  ),
  points,
});

export const leadStage = z.strictObject({
  name: z.string().check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'A lower-case letter, then lower-case letters, digits, -')),
  /** Whose score is at least this rises into the stage. The first stage has none; a later one without is set by people only. */
  from: threshold,
  /** Whose score is less than this falls out of it; below `from`, so that nobody flaps. */
  fallsBelow: threshold,
  /** Webhook endpoints that are told of everybody who rises into the stage, or past it. */
  handOver: z.optional(z.array(z.string().check(z.minLength(1), z.maxLength(64))).check(z.maxLength(5))),
});

const members = {
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  halfLifeDays,
  rules: z.array(leadRule).check(z.minLength(1), z.maxLength(50)),
  fit: z.optional(z.array(fit).check(z.maxLength(20))),
  stages: z.array(leadStage).check(z.minLength(2), z.maxLength(10)),
};
const body = z.strictObject(members);

type Slip = { path: (string | number)[]; message: string };

const twice = (names: readonly string[], pathOf: (n: number) => Slip['path']): Slip[] =>
  names.flatMap((name, n) =>
    names.indexOf(name) === n ? [] : [{ path: pathOf(n), message: `${name} is there twice` }],
  );

/** What is wrong with how the stages go together. */
const stageSlips = (stages: readonly LeadStage[]): Slip[] => {
  const slip = (n: number, member: keyof LeadStage, message: string): Slip => ({
    path: ['stages', n, member],
    message,
  });
  return stages.flatMap(({ from, fallsBelow }, n) => {
    const before = stages[n - 1];
    if (n === 0) {
      return (['from', 'fallsBelow', 'handOver'] as const).flatMap((member) =>
        stages[0]?.[member] === undefined ? [] : [slip(0, member, 'Everybody begins in the first stage')],
      );
    }
    if (from === undefined) {
      return fallsBelow === undefined ? [] : [slip(n, 'fallsBelow', 'A stage that only people set is left by hand')];
    }
    if (n > 1 && before?.from === undefined) return [slip(n, 'from', 'Stages that only people set come last')];
    if (fallsBelow === undefined) return [slip(n, 'fallsBelow', 'Say below what score a lead falls out of it')];
    if (fallsBelow >= from) return [slip(n, 'fallsBelow', `It must be less than from (${from}), or leads would flap`)];
    if (before?.from === undefined || before.fallsBelow === undefined) return [];
    if (from <= before.from) return [slip(n, 'from', `It must be more than that of the stage before (${before.from})`)];
    return fallsBelow > before.fallsBelow
      ? []
      : [slip(n, 'fallsBelow', `It must be more than that of the stage before (${before.fallsBelow})`)];
  });
};

const slipsOf = ({ rules, fit: fits = [], stages }: LeadModelInput): Slip[] => [
  ...twice(
    rules.map((one) => one.label),
    (n) => ['rules', n, 'label'],
  ),
  ...twice(
    fits.map((one) => one.label),
    (n) => ['fit', n, 'label'],
  ),
  ...twice(
    stages.map(({ name }) => name),
    (n) => ['stages', n, 'name'],
  ),
  ...stageSlips(stages),
];

const checked = <T extends LeadModelInput>(context: z.core.ParsePayload<T>) => {
  for (const one of slipsOf(context.value)) context.issues.push({ code: 'custom', input: context.value, ...one });
};

/** How a person's events become points, and points a stage. */
export const leadModelInput = body.check(checked);
/** The same with the version that is changed. */
export const leadModelChange = z.strictObject({ ...members, version: z.int().check(z.minimum(0)) }).check(checked);
