import * as z from 'zod/mini';
import { propertyPath } from '../audience/condition.ts';
import { durationInput } from './duration-input.ts';
import { eventPattern } from './event-pattern.ts';
import type { Window } from './trigger.ts';
import { MAX_WINDOW_EVENTS } from './window-state.ts';

const date = z.iso.datetime({ offset: true });

const members = {
  count: z.optional(z.literal(true)),
  sum: z.optional(propertyPath),
  min: z.optional(propertyPath),
  max: z.optional(propertyPath),
  after: z.optional(eventPattern),
  without: z.optional(eventPattern),
  within: z.optional(durationInput),
  since: z.optional(date),
  until: z.optional(date),
  reaches: z.optional(z.number()),
  fallsTo: z.optional(z.number()),
  inAnyOrder: z.optional(z.literal(true)),
  same: z.optional(propertyPath),
};
type Member = keyof typeof members;

const KINDS = ['count', 'sum', 'min', 'max', 'after', 'without'] as const;
/** What else a window of each kind may say. */
const AGGREGATE: readonly Member[] = ['within', 'since', 'until', 'reaches', 'fallsTo'];
const ALLOWED: Record<(typeof KINDS)[number], readonly Member[]> = {
  count: AGGREGATE,
  sum: AGGREGATE,
  min: AGGREGATE,
  max: AGGREGATE,
  after: ['within', 'inAnyOrder', 'same'],
  without: ['within', 'same'],
};

type Input = { [Name in Member]?: z.infer<(typeof members)[Name]> };
type Slip = { path: Member[]; message: string };

/** What is wrong with how the members of a window go together. */
const slipsOf = (input: Input): Slip[] => {
  const has = (name: Member): boolean => input[name] !== undefined;
  const kinds = KINDS.filter(has);
  const [kind] = kinds;
  if (!kind || kinds.length > 1) return [slip([], `A window has exactly one of ${KINDS.join(', ')}`)];

  const rest = (Object.keys(members) as Member[]).filter((name) => has(name) && name !== kind);
  const alien = rest.filter((name) => !ALLOWED[kind].includes(name));
  if (alien.length > 0) return alien.map((name) => slip([name], `A window of ${kind} has no ${name}`));
  if (kind === 'after' || kind === 'without') {
    return has('within') ? [] : [slip(['within'], `A window of ${kind} says within what time`)];
  }
  return [...spanSlips(input), ...limitSlips(input)];
};

const spanSlips = ({ within, since, until }: Input): Slip[] => {
  if (within === undefined && since === undefined) {
    return [slip([], 'Say over what time: within a length, or since a date, maybe until another')];
  }
  if (within !== undefined && since !== undefined) return [slip(['since'], 'Either within or since, not both')];
  if (until === undefined) return [];
  if (since === undefined) return [slip(['until'], 'Only a window with since has until')];
  return Date.parse(until) > Date.parse(since) ? [] : [slip(['until'], 'A period ends after it begins')];
};

const limitSlips = ({ count, within, reaches, fallsTo }: Input): Slip[] => {
  if (reaches === undefined && fallsTo === undefined) {
    return [slip([], `The limit is missing: reaches${count ? '' : ' or fallsTo'}`)];
  }
  if (count && fallsTo !== undefined) {
    return [slip(['fallsTo'], 'Each event makes a count greater, so none makes it fall; use reaches, or without')];
  }
  if (reaches !== undefined && fallsTo !== undefined) return [slip(['fallsTo'], 'Either reaches or fallsTo, not both')];
  if (!count || reaches === undefined) return [];
  if (!Number.isInteger(reaches) || reaches < 1) return [slip(['reaches'], 'A count reaches a whole number from 1')];
  // More events than are kept of a person can never be counted in a sliding window.
  return within === undefined || reaches <= MAX_WINDOW_EVENTS
    ? []
    : [slip(['reaches'], `A count within a length of time reaches at most ${MAX_WINDOW_EVENTS}`)];
};

const slip = (path: Member[], message: string): Slip => ({ path, message });

/**
 * A window: one strict object of all members, and the slips in how they go together told one by one. Of a union of all
 * the kinds of windows a caller would read no more than that none of them fits.
 */
export const windowInput = z.strictObject(members).check((context) => {
  for (const one of slipsOf(context.value)) context.issues.push({ code: 'custom', input: context.value, ...one });
}) as unknown as z.ZodMiniType<Window, Window>;
