import type { Segment } from '../../audience/segment.ts';
import type { Channel } from '../../delivery/channel.ts';
import type { Duration, TriggerInput } from '../../event/trigger.ts';
import type { CampaignInput } from '../campaign.ts';
import type { JourneyInput } from '../journey/journey-input.ts';

/** Languages in which the texts of playbooks are written. The first is that of people who have another one. */
export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
export type ByLanguage<T> = Record<Language, T>;

/** What a playbook is for, in the words of the dashboards. */
export const PLAYBOOK_GOALS = ['activation', 'conversion', 'repurchase', 'retention', 'win-back', 'reach'] as const;
export type PlaybookGoal = (typeof PLAYBOOK_GOALS)[number];

/**
 * What a marketer may change when starting from a playbook. Without a `default` it must be given: it is a fact about the shop that
 * nobody can guess, and a guess would go out to people. `example` stands in the documentation and is what tests start with.
 */
export type Parameter = { about: ByLanguage<string> } /** One for all languages, or one for each. */ & (
  | { kind: 'text'; maxLength: number; default?: string | ByLanguage<string>; example: string | ByLanguage<string> }
  | { kind: 'url'; example: string }
  /** As ISO 4217 writes it: EUR. */
  | { kind: 'currency'; example: string }
  | { kind: 'number'; minimum: number; maximum: number; whole?: true; default: number }
  | { kind: 'duration'; atMost: Duration; default: Duration }
  /** `HH:MM` */
  | { kind: 'time'; default: string }
  | { kind: 'topic'; default: string }
  /** An event type, and with an example each the properties of it that the playbook reads. */
  | { kind: 'event'; default: string; properties: Record<string, string | number> }
  /** An attribute of the profile. `needed`: without it the playbook reaches nobody; otherwise a text does without it. */
  | { kind: 'attribute'; default: string; example: string | number; needed?: true }
);

/**
 * In a playbook `[[name]]` stands for the value of a parameter, `[[segment.key]]` and `[[template.key]]` for the id of what is
 * made from it. A text that is nothing but one of these becomes the value itself, be it a number or a length of time.
 */
export type Placeholder = `[[${string}]]`;

/** A thing as one writes it, with placeholders anywhere. */
export type WithPlaceholders<T> = T extends string
  ? string extends T
    ? string
    : T | Placeholder
  : T extends number | boolean | null | undefined
    ? T | Placeholder
    : { [Name in keyof T]: WithPlaceholders<T[Name]> } | Placeholder;

/** An email as it is written; email-layout.ts makes HTML and plain text of it. Its texts hold Liquid, no HTML. */
export type EmailText = {
  subject: string;
  heading: string;
  /** Paragraphs. */
  lines: string[];
  button: { text: string; url: string };
};

/** The content of one template in one language. */
export type PlaybookContent = {
  email?: EmailText;
  sms?: { text: string };
  push?: { title: string; body: string };
};

/** The name is the marketer's. */
type Written<Input> = Exclude<WithPlaceholders<Omit<Input, 'name'>>, Placeholder>;
export type PlaybookPlan =
  | { kind: 'trigger'; draft: Written<TriggerInput> }
  | { kind: 'campaign'; draft: Written<CampaignInput> }
  | { kind: 'journey'; draft: Written<JourneyInput> };

/** An entry of the strategy library: a ready plan to start from. It is data; instantiate.ts makes drafts of it. */
export type Playbook = {
  /** Lower-case words with hyphens between them. */
  id: string;
  title: ByLanguage<string>;
  /** What it does for whom, in one or two sentences. */
  summary: ByLanguage<string>;
  goal: PlaybookGoal;
  parameters: Record<string, Parameter>;
  /** By key; `name` is put after the name of the plan. */
  segments?: Record<string, { name: ByLanguage<string>; segment: WithPlaceholders<Segment> }>;
  /** By key. All languages have the same channels, which are those of the plan's messages. */
  templates: Record<string, { name: ByLanguage<string>; content: ByLanguage<PlaybookContent> }>;
  /** People may refuse its messages, so emails say how. False: they are about an order of theirs. */
  marketing: boolean;
  plan: PlaybookPlan;
};

/** The channels of its templates, each once. */
export const channelsOfPlaybook = ({ templates }: Pick<Playbook, 'templates'>): Channel[] => [
  ...new Set(Object.values(templates).flatMap(({ content }) => Object.keys(content.en) as Channel[])),
];
