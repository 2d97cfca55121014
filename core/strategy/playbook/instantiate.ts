import type { Segment } from '../../audience/segment.ts';
import type { TriggerInput } from '../../event/trigger.ts';
import type { CampaignInput } from '../campaign.ts';
import type { JourneyInput } from '../journey/journey-input.ts';
import type { CompiledTemplate } from '../template.ts';
import { layOutEmail } from './email-layout.ts';
import { fill, fillHtml, fillText, type PlaceholderValues } from './fill-placeholders.ts';
import type { Language, Playbook, PlaybookContent } from './playbook.ts';
import { valuesOf } from './values.ts';

/** What is made from a playbook: drafts of things as marketers write them, and the ids that they have for one another. */
export type Drafts = {
  segments: { key: string; id: string; name: string; segment: Segment }[];
  templates: { key: string; id: string; template: CompiledTemplate }[];
  plan: { id: string } & (
    | { kind: 'trigger'; input: TriggerInput }
    | { kind: 'campaign'; input: CampaignInput }
    | { kind: 'journey'; input: JourneyInput }
  );
};

export type Instance = {
  /** Of the plan; what else is made is named after it. At most 60 characters. */
  name: string;
  /** As valueSlips has found nothing wrong with them. */
  values: Readonly<Record<string, unknown>>;
  /** Of the texts. Names are in the first, which is also for people with none of these. */
  languages: readonly [Language, ...Language[]];
  /** The id of one of the things, by its kind and key; the same for the same. */
  idOf: (thing: 'plan' | `segment.${string}` | `template.${string}`) => string;
};

/** The drafts of a playbook. Pure: equal arguments give equal drafts. */
export const instantiate = (playbook: Playbook, { name, values: given, languages, idOf }: Instance): Drafts => {
  const [first, ...others] = languages;
  const valuesIn = (language: Language): PlaceholderValues => ({
    ...valuesOf(playbook, given, language),
    ...idsOf('segment', playbook.segments ?? {}, idOf),
    ...idsOf('template', playbook.templates, idOf),
  });
  const values = valuesIn(first);
  return {
    segments: Object.entries(playbook.segments ?? {}).map(([key, { name: own, segment }]) => ({
      key,
      id: idOf(`segment.${key}`),
      name: `${name}: ${own[first]}`,
      segment: fill(segment, values) as Segment,
    })),
    templates: Object.entries(playbook.templates).map(([key, { name: own, content }]) => {
      const channelsIn = (language: Language) =>
        channelsOf(content[language], language, playbook.marketing, valuesIn(language));
      const locales = Object.fromEntries(others.map((language) => [language, channelsIn(language)]));
      return {
        key,
        id: idOf(`template.${key}`),
        template: {
          name: `${name}: ${own[first]}`,
          locale: first,
          channels: channelsIn(first),
          ...(others.length > 0 && { locales }),
        },
      };
    }),
    plan: {
      kind: playbook.plan.kind,
      id: idOf('plan'),
      input: { name, ...(fill(playbook.plan.draft, values) as object) },
    } as Drafts['plan'],
  };
};

const idsOf = <Kind extends 'segment' | 'template'>(kind: Kind, things: object, idOf: Instance['idOf']) =>
  Object.fromEntries(Object.keys(things).map((key) => [`${kind}.${key}`, idOf(`${kind}.${key}`)]));

const channelsOf = (
  { email, sms, push }: PlaybookContent,
  language: Language,
  marketing: boolean,
  values: PlaceholderValues,
): CompiledTemplate['channels'] => {
  const laidOut = email && layOutEmail(email, language, { brand: '[[brand]]', marketing });
  return {
    ...(laidOut && {
      email: {
        subject: fillText(laidOut.subject, values),
        html: fillHtml(laidOut.html, values),
        text: fillText(laidOut.text, values),
      },
    }),
    ...(sms && { sms: { text: fillText(sms.text, values) } }),
    ...(push && { push: { title: fillText(push.title, values), body: fillText(push.body, values) } }),
  };
};
