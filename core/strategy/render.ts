import type { Context, Template } from 'liquidjs';
import type { Channel } from '../delivery/channel.ts';
import { referenceKey } from '../event/evaluate.ts';
import type { RowName } from '../event/facts.ts';
import { escapeOnce } from './template/captured.ts';
import { asksForRows, type Lookup, MAX_LOOKUPS, RENDERED_TIMES } from './template/catalogue.ts';
import { argumentSlips } from './template/filter-arguments.ts';
import { ArgumentFault, FILTERS, type Reader, readerOf } from './template/filters.ts';
import { localeChain, localized } from './template/locales.ts';
import { mapTexts } from './template/map-texts.ts';
import { isTooCostly, lineOf, messageOf } from './template/render-errors.ts';
import { strayBreaks } from './template/stray-breaks.ts';
import type { RenderedContent, TemplateContent } from './template.ts';
import { scopeOf, type TemplateVariables, type VariableUse, valueAt, variableError } from './template-variables.ts';

/** Rendering may take this much. Counted in steps, not in time, so that what passes a preview passes every send. */
export const RENDER_LIMITS = {
  /** Tags, outputs and loop rounds of one field, those of the trials included by which its rows are found. */
  steps: 20_000,
  /** Characters and list items that filters and ranges make. */
  memory: 1_000_000,
  /** Characters of one rendered field. */
  output: 500_000,
  /** Characters of a message, all its fields together. */
  message: 600_000,
} as const;

export type RenderResult =
  | { kind: 'rendered'; content: RenderedContent }
  | { kind: 'render-failed'; message: string; tooCostly: boolean };

/** What is wrong with a template, and where: `field` is like `channels.email.subject`, `line` counts from 1. */
export type TemplateError = { field: string; line: number; message: string; tooCostly: boolean };

/**
 * Fields of the channels, and all that is within them. HTML escapes what variables bring in; header fields are kept on one
 * line; what is `literal` is never rendered: it names something, or is what a page was made from. Spaces that do not break, which
 * amounts and times have in many languages, would make a text message UCS-2, and so twice as dear: there they are plain ones.
 */
const FIELDS: Record<Channel, Record<string, Mode>> = {
  email: { subject: 'line', html: 'html', text: 'text', mjml: 'literal', blocks: 'literal' },
  sms: { text: 'sms' },
  push: { title: 'line', body: 'text' },
  whatsapp: { template: 'literal', language: 'literal', header: 'line', parameters: 'line', buttonUrl: 'line' },
  wechat: { templateId: 'literal', url: 'line', data: 'text' },
  inapp: { title: 'line', body: 'text', url: 'line' },
  webhook: { endpointId: 'literal', fields: 'text' },
};
type Mode = 'html' | 'text' | 'sms' | 'line' | 'literal';

/** Where the content of a channel is written: `channels`, or a locale. */
type Place = { channel: Channel; locale?: string };
/** One text of a channel's content: where it is, like `channels.email.subject`, and what becomes of it. */
type Field = { field: string; source: string; mode: Exclude<Mode, 'literal'> };
const fieldAt = ({ channel, locale }: Place, path: readonly string[], source: string): Field | undefined => {
  const mode = FIELDS[channel][path[0] ?? ''] ?? 'text';
  const place = locale === undefined ? ['channels', channel] : ['locales', locale, channel];
  return mode === 'literal' ? undefined : { field: [...place, ...path].join('.'), source, mode };
};

/** Locales whose chains are remembered: people have far fewer. */
const MAX_CHAINS = 1_000;

/**
 * Liquid for Herald. liquidjs is 100 KB, so handlers load it when they first render:
 * `renderer(await import('liquidjs'))`. An unknown variable is an error, unless it is asked for in a condition or the
 * `default` filter follows it at once. Templates include no files.
 */
export const renderer = (liquidjs: typeof import('liquidjs')) => {
  /** Whom is written to at the moment, found out by the first filter that asks: rendering is never interrupted. */
  let reader: () => Reader;
  /** Rows of reference tables, and how many this field has asked for. */
  let lookup: Lookup | undefined;
  let lookups = 0;
  const catalogue = (value: unknown, table: unknown) => {
    const key = referenceKey(value);
    if (key === undefined) return undefined;
    lookups += 1;
    if (lookups > MAX_LOOKUPS) throw new Error('look-up limit exceeded');
    return lookup?.({ table: String(table), key });
  };
  const engine = (html: boolean) => {
    const liquid = new liquidjs.Liquid({
      strictVariables: true,
      strictFilters: true,
      lenientIf: true,
      ownPropertyOnly: true,
      timezoneOffset: 0,
      memoryLimit: RENDER_LIMITS.memory,
    });
    for (const tag of ['include', 'render', 'layout', 'block']) delete liquid.tags[tag];
    for (const [name, filter] of Object.entries(FILTERS))
      liquid.registerFilter(name, (value: unknown, ...args: unknown[]) => filter(value, reader(), args));
    liquid.registerFilter('catalogue', catalogue);
    if (html) escapeOnce(liquidjs, liquid);
    return liquid;
  };
  const plain = engine(false);
  const engines = { html: engine(true), text: plain, sms: plain, line: plain };
  const parsed = new WeakMap<object, Map<string, Template[]>>();

  /** The fields of some content with their sources, in order. */
  const fieldsOf = (content: unknown, place: Place): Field[] => {
    const fields: Field[] = [];
    mapTexts(content, (source, path) => {
      const field = fieldAt(place, path, source);
      if (field) fields.push(field);
      return source;
    });
    return fields;
  };
  const allFields = ({ channels, locales = {} }: TemplateContent): Field[] =>
    [undefined, ...Object.keys(locales)].flatMap((locale) => {
      const own = locale === undefined ? channels : locales[locale];
      return (Object.keys(FIELDS) as Channel[]).flatMap((channel) =>
        fieldsOf(own?.[channel], { channel, ...(locale !== undefined && { locale }) }),
      );
    });

  const chains = new Map<string | undefined, readonly string[]>();
  const chainOf = (locale: string | undefined): readonly string[] => {
    const chain = chains.get(locale) ?? localeChain(locale);
    if (chains.size < MAX_CHAINS) chains.set(locale, chain);
    return chain;
  };
  /** What somebody with this locale gets, and where it is written. */
  const contentFor = (template: TemplateContent, channel: Channel, locale: string | undefined) => {
    const found = localized(template, channel, chainOf(locale));
    const own = found?.locale === template.locale ? undefined : found?.locale;
    return found && { content: found.content, place: { channel, ...(own !== undefined && { locale: own }) } };
  };

  /** Parsed once per template object: senders keep theirs as long as they live. */
  const parse = (template: TemplateContent, { field, source, mode }: Field): Template[] => {
    const known = parsed.get(template) ?? new Map<string, Template[]>();
    parsed.set(template, known);
    const nodes = known.get(field) ?? engines[mode].parse(source);
    known.set(field, nodes);
    return nodes;
  };

  const renderField = (template: TemplateContent, field: Field, scope: object, strict: boolean): string => {
    const liquid = engines[field.mode];
    lookups = 0;
    const most = RENDER_LIMITS.steps / (asksForRows(field.source) ? RENDERED_TIMES : 1);
    let steps = 0;
    // liquidjs asks its time limit before each step; ours counts the steps instead.
    const renderLimit = {
      use: () => {},
      check: () => {
        steps += 1;
        if (steps > most) throw new Error('step limit exceeded');
      },
    };
    const options = { sync: true, strictVariables: strict };
    const context: Context = new liquidjs.Context(scope, liquid.options, options, {
      renderLimit: renderLimit as never,
      liquid,
    });
    const text = String(liquid.renderSync(parse(template, field), context));
    if (text.length > RENDER_LIMITS.output) throw new Error('output limit exceeded');
    if (field.mode === 'sms') return text.replace(/[\u00a0\u202f]/g, ' ');
    return field.mode === 'line' ? text.replace(/\s*[\r\n]+\s*/g, ' ').trim() : text;
  };

  const usesOf = (template: TemplateContent, field: Field): VariableUse[] =>
    Object.values(engines[field.mode].analyzeSync(parse(template, field), { partials: false }).globals)
      .flat()
      .map((variable) => ({ segments: variable.toArray(), line: variable.location.row }));

  /** A trial with nothing known: what is too much, or makes no sense, for an empty profile does so for everyone. */
  const costOf = (template: TemplateContent, field: Field): TemplateError[] => {
    try {
      reader = () => readerOf(undefined, {});
      lookup = undefined;
      renderField(template, field, scopeOf({ profile: { profileId: '', attributes: {} } }), false);
      return [];
    } catch (error) {
      const tooCostly = isTooCostly(error);
      if (!tooCostly && !((error as { originalError?: unknown }).originalError instanceof ArgumentFault)) return [];
      return [{ field: field.field, line: lineOf(error), message: messageOf(error), tooCostly }];
    }
  };

  return {
    /**
     * One channel's content for one person, in the words of their locale. The template must have that channel. Never throws. Not `strict`:
     * what they lack is nothing, and no error.
     */
    render(template: TemplateContent, channel: Channel, variables: TemplateVariables, strict = true): RenderResult {
      const scope = scopeOf(variables);
      const found = contentFor(template, channel, variables.profile.locale);
      lookup = variables.catalogue;
      let known: Reader | undefined;
      reader = () => {
        known ??= readerOf(found?.place.locale ?? template.locale, variables.profile);
        return known;
      };
      if (!found) {
        return { kind: 'render-failed', message: `the template has no content for ${channel}`, tooCostly: false };
      }
      let length = 0;
      try {
        const rendered = mapTexts(found.content, (source, path) => {
          const field = fieldAt(found.place, path, source);
          const text = field ? renderField(template, field, scope, strict) : source;
          length += text.length;
          if (length > RENDER_LIMITS.message) throw new Error('output limit exceeded');
          return text;
        });
        return { kind: 'rendered', content: { channel, ...(rendered as object) } as RenderedContent };
      } catch (error) {
        return { kind: 'render-failed', message: messageOf(error), tooCostly: isTooCostly(error) };
      }
    },

    /** The rows that a message would ask for, rendered for a trial with those that `lookup` knows. Never throws. */
    rowsAskedBy(template: TemplateContent, channel: Channel, variables: TemplateVariables, known: Lookup): RowName[] {
      const asked: RowName[] = [];
      const noting: Lookup = (name) => {
        asked.push(name);
        return known(name);
      };
      const found = contentFor(template, channel, variables.profile.locale);
      reader = () => readerOf(undefined, {});
      lookup = noting;
      const fields = found ? fieldsOf(found.content, found.place) : [];
      for (const field of fields.filter(({ source }) => asksForRows(source))) {
        try {
          renderField(template, field, scopeOf(variables), false);
        } catch {
          // Whatever it is, the rendering that counts says so.
        }
      }
      return asked;
    },

    /** Everything that makes the template unfit to be saved: syntax, unknown variables, loops without measure. */
    errorsIn(template: TemplateContent): TemplateError[] {
      return allFields(template).flatMap((field): TemplateError[] => {
        const at = { field: field.field, tooCostly: false };
        try {
          const wrong = usesOf(template, field).flatMap((use) => {
            const message = variableError(use);
            return message ? [{ ...at, line: use.line, message }] : [];
          });
          const nodes = parse(template, field);
          const slips = [...argumentSlips(liquidjs, nodes), ...strayBreaks(liquidjs, nodes)].map((slip) => ({
            ...at,
            ...slip,
          }));
          return [...wrong, ...(slips.length > 0 ? slips : costOf(template, field))];
        } catch (error) {
          return [{ ...at, line: lineOf(error), message: messageOf(error) }];
        }
      });
    },

    /** Names of the profile attributes that the template uses: what a snapshot must carry. Sorted, each once. */
    attributesOf(template: TemplateContent): string[] {
      const uses = allFields(template).flatMap((field) => usesOf(template, field));
      const named = uses.filter(({ segments: [root, member] }) => root === 'profile' && member === 'attributes');
      return [...new Set(named.map(({ segments }) => String(segments[2])))].sort();
    },

    /** Whether the template speaks of an event or of a window: then it fits event-triggered messages only. */
    needsOf(template: TemplateContent): { event: boolean; window: boolean } {
      const roots = allFields(template).flatMap((field) => usesOf(template, field).map(({ segments: [root] }) => root));
      return { event: roots.includes('event'), window: roots.includes('window') };
    },

    /** Names of the event's properties that the template reads, sorted, each once; `all` when it takes them whole, or by a computed name. */
    eventPropertiesOf(template: TemplateContent): string[] | 'all' {
      const uses = allFields(template).flatMap((field) => usesOf(template, field));
      const names = uses.flatMap(({ segments: [root, member, name] }) =>
        root === 'event' && member === 'properties' ? [name] : [],
      );
      if (!names.every((name) => typeof name === 'string')) return 'all';
      return [...new Set(names)].sort();
    },

    /** Variables of the content that a person gets on a channel, which these values do not have, as `profile.attributes.city`; sorted, each once. */
    missingIn(template: TemplateContent, channel: Channel, variables: TemplateVariables): string[] {
      const scope = scopeOf(variables);
      const found = contentFor(template, channel, variables.profile.locale);
      const fields = found ? fieldsOf(found.content, found.place) : [];
      const uses = fields.flatMap((field) => usesOf(template, field));
      const plain = uses.filter(({ segments }) => segments.every((segment) => typeof segment !== 'object'));
      const missing = plain.filter(({ segments }) => valueAt(scope, segments) === undefined);
      return [...new Set(missing.map(({ segments }) => segments.join('.')))].sort();
    },
  };
};
export type Renderer = ReturnType<typeof renderer>;
