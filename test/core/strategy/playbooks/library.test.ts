import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import { segment } from '../../../../core/audience/segment.ts';
import { DEFAULT_LINK_SETTINGS } from '../../../../core/delivery/links/link-settings.ts';
import { channelsOf, policySlips } from '../../../../core/delivery/policy.ts';
import { smsParts } from '../../../../core/delivery/sms-parts.ts';
import type { TriggerInput } from '../../../../core/event/trigger.ts';
import { triggerInput } from '../../../../core/event/trigger-input.ts';
import { campaignInput } from '../../../../core/strategy/campaign.ts';
import type { JourneyReferences } from '../../../../core/strategy/journey/defect.ts';
import { journeyInput } from '../../../../core/strategy/journey/journey-input.ts';
import { journeyDefects } from '../../../../core/strategy/journey/validate.ts';
import { placeholdersIn } from '../../../../core/strategy/playbook/fill-placeholders.ts';
import { type Drafts, instantiate } from '../../../../core/strategy/playbook/instantiate.ts';
import { needsOf } from '../../../../core/strategy/playbook/needs.ts';
import {
  channelsOfPlaybook,
  LANGUAGES,
  type Language,
  type Playbook,
} from '../../../../core/strategy/playbook/playbook.ts';
import { valueSlips } from '../../../../core/strategy/playbook/values.ts';
import { playbooks } from '../../../../core/strategy/playbooks/library.ts';
import { renderer } from '../../../../core/strategy/render.ts';
import { templateInput } from '../../../../core/strategy/template.ts';
import { examplesOf, variablesOf } from './samples.ts';

const liquid = renderer(liquidjs);
const { render, errorsIn } = liquid;
const idOf = (thing: string) => thing.toUpperCase().replaceAll(/[^A-Z]/g, '');
const drafts = (playbook: Playbook, first: Language, values: Record<string, unknown> = examplesOf(playbook)) =>
  instantiate(playbook, {
    ...{ name: 'Mine', values, idOf },
    languages: [first, ...LANGUAGES.filter((language) => language !== first)],
  });

type Message = Pick<TriggerInput, 'templateId' | 'channelPolicy'>;
/** The messages of a plan: which template by which policy. */
const messagesOf = ({ plan }: Drafts): Message[] =>
  plan.kind === 'journey' ? Object.values(plan.input.nodes).filter((node) => node.kind === 'message') : [plan.input];
const INPUTS = { trigger: triggerInput, campaign: campaignInput, journey: journeyInput };
const parsed = ({ plan }: Drafts) => INPUTS[plan.kind].safeParse(plan.input);

/** What keeps a journey from being published, if its segments are live. */
const defectsOf = ({ plan, segments, templates }: Drafts): string[] => {
  if (plan.kind !== 'journey') return [];
  const asked = (rule: unknown) =>
    [...JSON.stringify(rule).matchAll(/"attribute":"(\w+)"/g)].map(([, name = '']) => name);
  const references: JourneyReferences = {
    templates: Object.fromEntries(templates.map(({ id, template }) => [id, template])),
    segments: Object.fromEntries(segments.map(({ id, segment }) => [id, { isLive: true, attributes: asked(segment) }])),
    ...{ lists: new Set(), endpoints: new Set(), sources: new Set(), tables: {}, hasAudience: false, hasTimes: false },
    tracking: DEFAULT_LINK_SETTINGS.tracking,
  };
  return journeyDefects(plan.input, references, liquid).map(({ path, message }) => `${path}: ${message}`);
};

/** Everything that would keep somebody from saving the drafts, in words. */
const faultsOf = (made: Drafts): string[] => {
  const schemas = [
    ...made.segments.map((one) => segment.safeParse(one.segment)),
    ...made.templates.map(({ template }) => templateInput.safeParse(template)),
    parsed(made),
  ];
  return [
    ...schemas.flatMap(({ error }) =>
      (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`),
    ),
    ...made.templates.flatMap(({ template }) => errorsIn(template).map(({ field, message }) => `${field}: ${message}`)),
    ...messagesOf(made).flatMap(({ channelPolicy }) =>
      policySlips(channelPolicy, DEFAULT_LINK_SETTINGS.tracking).map(({ message }) => message),
    ),
    ...defectsOf(made),
    ...placeholdersIn(made).map((name) => `[[${name}]] is left`),
  ];
};

/** Values of each kind of parameter. Made once: an arbitrary of texts takes longer to make than to try. */
const SOME = {
  text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  url: fc.webUrl({ validSchemes: ['https'], withQueryParameters: true }),
  currency: fc.stringMatching(/^[A-Za-z]{2,4}$/),
  number: fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0.01, max: 1_000, noNaN: true })),
  duration: fc.record({ hours: fc.integer({ min: 1, max: 800 }) }),
  time: fc.constantFrom('00:00', '09:30', '24:00'),
  topic: fc.stringMatching(/^[a-z0-9-]{1,33}$/),
  event: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,40}$/),
  attribute: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,40}$/),
};

test('there are playbooks, each with an id of its own', () => {
  expect(new Set(playbooks.map(({ id }) => id)).size).toBe(playbooks.length);
  for (const { id } of playbooks) expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

test('docs/playbooks.md lists them all, with what they need', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/playbooks.md'), 'utf8');
  const rows = playbooks.map((playbook) => {
    const { id, goal, plan, parameters } = playbook;
    const events = needsOf(playbook, {}).events.map(({ eventType }) => `\`${eventType}\``);
    const given = Object.keys(examplesOf(playbook)).map((name) => `\`${name}\``);
    expect(Object.keys(parameters)).toContain('topic');
    const cells = [
      `\`${id}\``,
      goal,
      plan.kind,
      channelsOfPlaybook(playbook).join(', '),
      events.join(', '),
      given.join(', '),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const table = page.split('\n').filter((line) => /^\| `[a-z-]+` \|/.test(line));
  expect(table).toEqual(rows);
});

test('an amount is in the same currency in each language, and the shop has said in which', () => {
  const paid = playbooks.filter(({ parameters }) => parameters.currency);
  expect(paid.length).toBeGreaterThan(2);
  for (const playbook of paid) {
    const { currency: _, ...others } = examplesOf(playbook);
    expect(valueSlips(playbook, others), playbook.id).toMatchObject([{ path: 'currency' }]);
  }
});

describe.each(playbooks.map((playbook) => [playbook.id, playbook] as const))('%s', (_, playbook) => {
  test('takes its own defaults and examples, and every parameter is used', () => {
    expect(valueSlips(playbook, examplesOf(playbook))).toEqual([]);
    const defaults = Object.entries(playbook.parameters).flatMap(([name, parameter]) => {
      if (!('default' in parameter) || parameter.default === undefined) return [];
      const { default: value } = parameter;
      return typeof value === 'object' && 'en' in value ? LANGUAGES.map((it) => [name, value[it]]) : [[name, value]];
    });
    for (const [name, value] of defaults) {
      expect(valueSlips(playbook, { ...examplesOf(playbook), [String(name)]: value }), String(name)).toEqual([]);
    }
    const { segments, templates, plan, marketing } = playbook;
    const used = placeholdersIn([segments, templates, plan, marketing, '[[brand]]']);
    expect(Object.keys(playbook.parameters).filter((name) => !used.includes(name))).toEqual([]);
  });

  test('has the same channels in every language, and they are those of its messages', () => {
    const made = drafts(playbook, 'en');
    for (const [key, { content }] of Object.entries(playbook.templates)) {
      const channels = LANGUAGES.map((language) => Object.keys(content[language]).sort());
      expect(new Set(channels.map(String)).size, key).toBe(1);
      const policies = messagesOf(made).filter(({ templateId }) => templateId === idOf(`template.${key}`));
      expect(
        policies.map(({ channelPolicy }) => channelsOf(channelPolicy).sort()),
        key,
      ).toEqual([channels[0]]);
    }
  });

  test('does without what it does not need of the person; texts have no HTML of their own', () => {
    const email = Object.values(playbook.templates).flatMap(({ content }) =>
      LANGUAGES.flatMap((language) => content[language].email ?? []),
    );
    for (const text of email) expect(JSON.stringify(text)).not.toMatch(/[<>&]/);
    expect(Object.keys(playbook.title)).toEqual([...LANGUAGES]);
    expect(Object.keys(playbook.summary)).toEqual([...LANGUAGES]);
  });

  test.each(LANGUAGES)('in %s: can be saved, and renders for whoever has all attributes, and none', (language) => {
    const made = drafts(playbook, 'en');
    expect(faultsOf(made)).toEqual([]);
    expect(faultsOf(drafts(playbook, language))).toEqual([]);
    for (const { key, template } of made.templates) {
      for (const who of ['ada', 'bob'] as const) {
        for (const channel of ['email', 'sms', 'push'] as const) {
          if (!template.channels[channel]) continue;
          const result = render(template, channel, variablesOf(playbook, who, language));
          expect(result, `${key} ${channel} ${who}`).toMatchObject({ kind: 'rendered' });
          if (result.kind !== 'rendered') continue;
          // A text of the other language would have no, or some, of these signs.
          expect(/\p{Script=Han}/u.test(JSON.stringify(result.content)), `${key} ${channel}`).toBe(language === 'zh');
          expect(JSON.stringify(result.content)).not.toMatch(/\{\{|\{%|\[\[|undefined|NaN/);
          if (result.content.channel === 'sms') expect(smsParts(result.content.text).parts).toBeLessThanOrEqual(2);
          if (result.content.channel === 'email') expect(result.content.subject.length).toBeLessThanOrEqual(60);
          if (result.content.channel === 'push') expect(result.content.title.length).toBeLessThanOrEqual(50);
        }
      }
    }
  });

  test('whatever values are taken, the drafts can be saved', () => {
    const values = Object.entries(playbook.parameters).map(([name, { kind }]) =>
      (SOME[kind] as fc.Arbitrary<unknown>).map((value) => [name, value] as const),
    );
    fc.assert(
      fc.property(fc.tuple(...values), fc.constantFrom(...LANGUAGES), (given, language) => {
        // One by one, so that a value that is refused does not keep the others from being tried.
        const taken = given.filter(
          ([name, value]) => !valueSlips(playbook, { [name]: value }).some(({ path }) => path === name),
        );
        const made = drafts(playbook, language, { ...examplesOf(playbook), ...Object.fromEntries(taken) });
        expect(faultsOf(made)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
