import { CHANNELS, type Channel, type Lane } from '../../delivery/channel.ts';
import type { Renderer } from '../render.ts';
import { type CompiledTemplate, contentOf } from '../template.ts';
import { SAMPLE_LINKS, type TemplateVariables } from '../template-variables.ts';
import { contrastNotes } from './blocks/contrast.ts';
import { writtenLinkFault } from './link-faults.ts';
import { type Note, notesOn } from './notes.ts';
import { pageFaults } from './page-notes.ts';
import { shieldLiquid } from './shield-liquid.ts';

export type Checked = {
  channel: Channel;
  /** Absent: what is in `channels`, whose locale nobody has named. */
  locale?: string;
  notes: Note[];
  /** Why the sample would not get it. Sizes are those without what is missing then. */
  failed?: string;
};

/** Whose values are shown, if anybody's, and in which lane a plan would send it. */
export type CheckSample = { variables: TemplateVariables; lane: Lane };

/**
 * What is doubtful about every text of a template, on each channel in each locale that is written: sizes, links, images, and the way out of
 * what promotes something. Nothing is asked for over the network.
 */
export const checkTemplate = (
  liquidjs: typeof import('liquidjs'),
  { render }: Pick<Renderer, 'render'>,
  template: CompiledTemplate,
  { variables, lane }: CheckSample,
): Checked[] => {
  const content = contentOf(template);
  const places = [{ locale: template.locale, own: template.channels }].concat(
    Object.entries(template.locales ?? {}).map(([locale, own]) => ({ locale, own })),
  );
  return places.flatMap(({ locale, own }) =>
    CHANNELS.flatMap((channel): Checked[] => {
      if (own[channel] === undefined) return [];
      const profile = { ...variables.profile, locale };
      const strict = render(content, channel, { ...variables, profile });
      const shown = strict.kind === 'rendered' ? strict : render(content, channel, { ...variables, profile }, false);
      const written = channel === 'email' && own.email ? writtenNotes(liquidjs, own.email.html) : [];
      const rendered = shown.kind === 'rendered' ? notesOn(shown.content) : [];
      // Of a link that is missing values nobody knows where it leads: what is written counts.
      const isKnown = strict.kind === 'rendered';
      const notes = [
        ...rendered.filter(({ code }) => code !== 'preheader' && (isKnown || !ofAddresses(code))),
        ...written.filter(({ code }) => (isKnown ? code === 'link-liquid' : ofAddresses(code))),
        ...(channel === 'email' && own.email?.blocks ? contrastNotes(own.email.blocks) : []),
        ...(channel === 'email' && lane === 'promotional' && shown.kind === 'rendered' ? wayOut(shown.content) : []),
      ];
      return [
        {
          ...{ channel, notes },
          ...(locale !== undefined && { locale }),
          ...(strict.kind === 'render-failed' && { failed: strict.message }),
        },
      ];
    }),
  );
};

const ofAddresses = (code: string): boolean => code.startsWith('link-') || code === 'image-source';

const writtenNotes = (liquidjs: typeof import('liquidjs'), html: string): Note[] => {
  const { text, word, lineOf } = shieldLiquid(liquidjs, html);
  return pageFaults(text, (address) => writtenLinkFault(address, word)).map(({ code, line, message }) => ({
    code,
    message: `Line ${lineOf(line)}: ${message}`,
  }));
};

/** Mail programs show a way out of their own, but not all, and laws ask for one in the text. */
const wayOut = (content: object): Note[] => {
  const { html = '' } = content as { html?: string };
  return Object.values(SAMPLE_LINKS).some((link) => html.includes(link))
    ? []
    : [{ code: 'no-unsubscribe', message: 'There is no {{ unsubscribe_url }}, and no {{ preferences_url }}' }];
};
