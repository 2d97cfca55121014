import * as z from 'zod/mini';
import { attributeName } from '../../audience/profile.ts';
import { timeOfDay } from '../../delivery/settings-input.ts';
import { durationMs } from '../../event/duration.ts';
import { durationInput } from '../../event/duration-input.ts';
import { eventType } from '../../event/event-pattern.ts';
import type { Duration } from '../../event/trigger.ts';
import type { ByLanguage, Language, Parameter, Playbook } from './playbook.ts';

export type ParameterValue = string | number | Duration;
/** As a caller gives it: texts may be written by language. */
type GivenValue = ParameterValue | ByLanguage<string>;

/**
 * What a caller may set a parameter to. Texts and addresses become part of Liquid and of HTML, so they hold nothing that means
 * something there.
 */
const schemaOf = (parameter: Parameter, given: unknown): z.ZodMiniType<GivenValue> => {
  switch (parameter.kind) {
    case 'text': {
      const text = z
        .string()
        .check(
          z.minLength(1),
          z.maxLength(parameter.maxLength),
          z.regex(/^[^\p{C}"\\<>{}[\]]*$/u, 'No control characters, and none of " \\ < > { } [ ]'),
          z.regex(/\S/, 'Nothing but spaces'),
        );
      return typeof given === 'object'
        ? z.strictObject({ en: text, zh: text } satisfies ByLanguage<typeof text>)
        : text;
    }
    case 'currency':
      return z.string().check(z.regex(/^[A-Z]{3}$/, 'Three letters, as ISO 4217 has them: EUR'));
    case 'url':
      return z
        .string()
        .check(
          z.maxLength(500),
          z.regex(
            /^https:\/\/[^\s\p{C}"\\<>{}[\]/]+(\/[^\s\p{C}"\\<>{}[\]]*)?$/u,
            'An address that begins with https://',
          ),
        );
    case 'number': {
      const number = parameter.whole ? z.int() : z.number();
      return number.check(z.minimum(parameter.minimum), z.maximum(parameter.maximum));
    }
    case 'duration':
      return durationInput.check(
        z.refine((length: Duration) => durationMs(length) <= durationMs(parameter.atMost), {
          error: `At most ${JSON.stringify(parameter.atMost)}`,
        }),
      );
    case 'time':
      return timeOfDay;
    case 'topic':
      return z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'Lower-case letters, digits and -'));
    case 'event':
      return eventType;
    case 'attribute':
      return attributeName;
  }
};

export type ValueSlip = { path: string; message: string };

/** What is wrong with the values that a caller gives: unknown names, values that do not fit, and what is missing. */
export const valueSlips = (
  { parameters }: Pick<Playbook, 'parameters'>,
  given: Readonly<Record<string, unknown>>,
): ValueSlip[] => {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(parameters, name));
  const known = Object.keys(parameters).join(', ');
  return [
    ...unknown.map((name) => ({ path: name, message: `There is no parameter ${name}; there are ${known}` })),
    ...Object.entries(parameters).flatMap(([name, parameter]): ValueSlip[] => {
      if (given[name] === undefined) {
        return defaultOf(parameter, 'en') === undefined ? [{ path: name, message: 'It has no default: give it' }] : [];
      }
      const { error } = schemaOf(parameter, given[name]).safeParse(given[name]);
      return error ? error.issues.map(({ path, message }) => ({ path: [name, ...path].join('.'), message })) : [];
    }),
  ];
};

const defaultOf = (parameter: Parameter, language: Language): ParameterValue | undefined => {
  if (!('default' in parameter) || parameter.default === undefined) return undefined;
  return inLanguage(parameter.default, language);
};

const inLanguage = (value: GivenValue, language: Language): ParameterValue =>
  typeof value === 'object' && 'en' in value ? value[language] : value;

/** Every parameter with its value: what was given, else the default. What has neither is left out. */
export const valuesOf = (
  { parameters }: Pick<Playbook, 'parameters'>,
  given: Readonly<Record<string, unknown>>,
  language: Language,
): Record<string, ParameterValue> =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, parameter]) => {
      const own = given[name] as GivenValue | undefined;
      const value = own === undefined ? defaultOf(parameter, language) : inLanguage(own, language);
      return value === undefined ? [] : [[name, value]];
    }),
  );
