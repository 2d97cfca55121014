import type { Channel } from '../channel.ts';
import type { LinkSettings } from './link-settings.ts';
import { escapeHtml, pageHtml } from './page-html.ts';
import type { Locale } from './page-locale.ts';
import { PAGE_WORDS } from './page-words.ts';
import { asShown, type ChannelChoices } from './preference-choices.ts';

/** Names of the form's fields: the boxes as they were on the page, those that are ticked, and which button was pressed. */
export const FORM = { shown: 'shown', given: 'given', act: 'act', save: 'save', none: 'none' } as const;

type Subject = { channel: Channel; topic: string };

const paragraph = (text: string, attributes = ''): string => `<p${attributes}>${escapeHtml(text)}</p>`;

/** The pages that a person sees who follows a link out of a message, in one language. They work without JavaScript. */
export const personPages = (locale: Locale, settings: Pick<LinkSettings, 'sender' | 'topics'>) => {
  const words = PAGE_WORDS[locale];
  const page = (title: string, main: string[]) =>
    pageHtml(words, { title, main: main.join('\n'), sender: settings.sender });
  const channelName = (channel: Channel): string => (words.channels as Record<string, string>)[channel] ?? channel;
  const topicName = (topic: string): string => {
    const names = settings.topics.find((one) => one.topic === topic)?.names;
    return names?.[locale] ?? names?.en ?? topic;
  };

  const group = ({ channel, unreachable, topics }: ChannelChoices): string => {
    const boxes = topics.map(({ key, topic, given }) => {
      const box = `<input type="checkbox" name="${FORM.given}" value="${escapeHtml(key)}"${given ? ' checked' : ''}>`;
      const shown = `<input type="hidden" name="${FORM.shown}" value="${escapeHtml(asShown({ key, given }))}">`;
      return `${shown}<label>${box}<span>${escapeHtml(topicName(topic))}</span></label>`;
    });
    const note = unreachable ? paragraph(words.unreachable, ' class="quiet"') : '';
    return `<fieldset><legend>${escapeHtml(channelName(channel))}</legend>${note}${boxes.join('')}</fieldset>`;
  };

  return {
    preferences: (choices: readonly ChannelChoices[], saved: boolean): string => {
      const { title, intro, save, none, noneHint, saved: done } = words.preferences;
      return page(title, [
        saved ? paragraph(done, ' role="status"') : '',
        paragraph(intro),
        '<form method="post">',
        ...choices.map(group),
        `<p><button name="${FORM.act}" value="${FORM.save}">${escapeHtml(save)}</button></p>`,
        `<p><button class="second" name="${FORM.act}" value="${FORM.none}">${escapeHtml(none)}</button></p>`,
        paragraph(noneHint, ' class="quiet"'),
        '</form>',
      ]);
    },

    /** Asks. `preferences` is the address of the other page. */
    confirm: ({ channel, topic }: Subject, given: boolean, preferences: string): string => {
      const { title, question, act, already, more } = words.unsubscribe;
      const names = [topicName(topic), channelName(channel)] as const;
      return page(title, [
        paragraph(given ? question(...names) : already(...names)),
        given ? `<form method="post"><p><button>${escapeHtml(act)}</button></p></form>` : '',
        `<p><a href="${escapeHtml(preferences)}">${escapeHtml(more)}</a></p>`,
      ]);
    },

    unsubscribed: ({ channel, topic }: Subject, preferences: string): string => {
      const { done, doneText, more } = words.unsubscribe;
      return page(done, [
        paragraph(doneText(topicName(topic), channelName(channel)), ' role="status"'),
        `<p><a href="${escapeHtml(preferences)}">${escapeHtml(more)}</a></p>`,
      ]);
    },

    broken: (): string => page(words.broken.title, [paragraph(words.broken.text)]),
    erased: (): string => page(words.erased.title, [paragraph(words.erased.text)]),
  };
};
