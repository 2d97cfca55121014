import { CHANNELS, type Channel } from '../delivery/channel.ts';
import { smsParts } from '../delivery/sms-parts.ts';
import type { Renderer } from './render.ts';
import type { RenderedContent, TemplateContent } from './template.ts';
import type { TemplateVariables } from './template-variables.ts';

export type Preview = {
  /** Of a text message also how it is sent and billed: in how many parts. */
  rendered: (RenderedContent & Partial<ReturnType<typeof smsParts>>)[];
  /** Channels that this person would not get. */
  failed: { channel: Channel; message: string }[];
  /** Variables that this person lacks, whether the template copes with it or not. */
  warnings: { channel: Channel; variable: string; message: string }[];
};

const measured = (content: RenderedContent) =>
  content.channel === 'sms' ? { ...content, ...smsParts(content.text) } : content;

/** The template's content for one person in each of its channels. */
export const previewOf = (
  { render, missingIn }: Pick<Renderer, 'render' | 'missingIn'>,
  template: TemplateContent,
  variables: TemplateVariables,
): Preview => {
  const channels = CHANNELS.filter((channel) => template.channels[channel] !== undefined);
  const results = channels.map((channel) => ({ channel, result: render(template, channel, variables) }));
  return {
    rendered: results.flatMap(({ result }) => (result.kind === 'rendered' ? [measured(result.content)] : [])),
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
