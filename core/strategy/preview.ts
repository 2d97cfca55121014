import { CHANNELS, type Channel } from '../delivery/channel.ts';
import { smsParts } from '../delivery/sms-parts.ts';
import type { Renderer } from './render.ts';
import { localeChain, localized } from './template/locales.ts';
import { type Note, notesOn } from './template/notes.ts';
import type { RenderedContent, TemplateContent } from './template.ts';
import type { TemplateVariables } from './template-variables.ts';

export type Preview = {
  /**
   * Of a text message also how it is sent and billed: in how many parts. `locale` is the one whose words these are, where it has a
   * name; `notes`: how it is shown, and what is doubtful about it.
   */
  rendered: (RenderedContent & Partial<ReturnType<typeof smsParts>> & { locale?: string; notes: Note[] })[];
  /** Channels that this person would not get. */
  failed: { channel: Channel; message: string }[];
  /** Variables that this person lacks, whether the template copes with it or not. */
  warnings: { channel: Channel; variable: string; message: string }[];
};

const measured = (content: RenderedContent) =>
  content.channel === 'sms' ? { ...content, ...smsParts(content.text) } : content;

/** The template's content for one person in each of its channels, or in those that are asked for. */
export const previewOf = (
  { render, missingIn }: Pick<Renderer, 'render' | 'missingIn'>,
  template: TemplateContent,
  variables: TemplateVariables,
  asked: readonly Channel[] = CHANNELS,
): Preview => {
  const channels = CHANNELS.filter((channel) => template.channels[channel] !== undefined && asked.includes(channel));
  const chain = localeChain(variables.profile.locale);
  const results = channels.map((channel) => ({ channel, result: render(template, channel, variables) }));
  return {
    rendered: results.flatMap(({ channel, result }) => {
      if (result.kind !== 'rendered') return [];
      const locale = localized(template, channel, chain)?.locale;
      return [{ ...measured(result.content), ...(locale && { locale }), notes: notesOn(result.content) }];
    }),
    failed: results.flatMap(({ channel, result }) =>
      result.kind === 'render-failed' ? [{ channel, message: result.message }] : [],
    ),
    warnings: channels.flatMap((channel) =>
      missingIn(template, channel, variables).map((variable) => ({
        channel,
        variable,
        message: `${variable} has no value here`,
      })),
    ),
  };
};
