import type { PlanVersion } from '../../strategy/plan-version.ts';
import type { RenderedContent } from '../../strategy/template.ts';
import type { LinkVariables } from '../../strategy/template-variables.ts';
import type { Channel } from '../channel.ts';
import type { LinkKeys } from './link-keys.ts';
import type { Tracking } from './link-settings.ts';
import { type LinkClaim, sealLink } from './link-token.ts';
import { MAX_TARGET } from './max-target.ts';
import { rewriteHtml } from './rewrite-html.ts';
import { rewriteText } from './rewrite-text.ts';

/** Where links of each kind lead, below the address of the public door (core/access/routes/links.ts). */
export const LINK_PATHS = {
  click: '/v1/c/',
  open: '/v1/o/',
  unsubscribe: '/v1/unsubscribe/',
  preferences: '/v1/preferences/',
} as const;

/** Of one message so many links are followed; further ones stay as they are, for an email has at most 1 MB. */
const MAX_TRACKED = 200;
/** SES takes 870 characters of a header's value, which is a link in brackets; an id of any script, twice in it, would be more. */
const MAX_PERSONAL = 868;

/** To whom the message goes, by which the links are told apart. */
export type Addressee = { profileId: string; ref: string };
export type LinkMaker = {
  plan: Pick<PlanVersion, 'topic' | 'lane' | 'template'>;
  channel: Channel;
  keys: LinkKeys;
  /** Address of the public door, without a slash at the end. */
  base: string;
  tracking: Tracking;
  nowMs: number;
};

export type MessageLinks = {
  variables: LinkVariables;
  dress: (content: RenderedContent) => RenderedContent;
  /** Rendered content without what only this message has, so that it can be compared with another's. */
  bare: (content: RenderedContent) => RenderedContent;
};

/**
 * The links of one plan's messages on one channel: variables for the template, and the rendered content with its links
 * followed, its opens noticed, and its way out: an email that promotes something has the headers of RFC 8058.
 */
export const messageLinks =
  ({ plan, channel, keys, base, tracking, nowMs }: LinkMaker) =>
  ({ profileId, ref }: Addressee): MessageLinks => {
    const sentSeconds = Math.floor(nowMs / 1_000);
    const seal = (claim: LinkClaim) => sealLink(keys, claim);
    let person: string | undefined;
    const personal = (path: string): string => {
      if (person === undefined) {
        const about = { kind: 'person', profileId, channel, topic: plan.topic } as const;
        const named = seal({ ...about, ref });
        const fits = (base + LINK_PATHS.unsubscribe + named).length <= MAX_PERSONAL;
        person = fits ? named : seal({ ...about, ref: '' });
      }
      return base + path + person;
    };
    let left = tracking.clicks ? MAX_TRACKED : 0;
    const followed = (address: string): string | undefined => {
      const target = left > 0 ? targetOf(address, base) : undefined;
      if (target === undefined) return undefined;
      left -= 1;
      return base + LINK_PATHS.click + seal({ kind: 'click', ref, sentSeconds, target });
    };

    return {
      variables: {
        get unsubscribe_url() {
          return personal(LINK_PATHS.unsubscribe);
        },
        get preferences_url() {
          return personal(LINK_PATHS.preferences);
        },
      },
      bare(content) {
        const own = person;
        if (own === undefined) return content;
        const bared = ([name, value]: [string, unknown]) => [
          name,
          typeof value === 'string' ? value.replaceAll(own, '') : value,
        ];
        return Object.fromEntries(Object.entries(content).map(bared)) as RenderedContent;
      },
      dress(content) {
        const { channels } = plan.template;
        if (content.channel === 'sms')
          return channels.sms?.trackLinks ? { ...content, text: rewriteText(content.text, followed) } : content;
        if (content.channel !== 'email') return content;
        const { html, bodyEnd } = rewriteHtml(content.html, followed);
        const pixel = tracking.opens ? pixelOf(base + LINK_PATHS.open + seal({ kind: 'open', ref, sentSeconds })) : '';
        const { text } = content;
        return {
          ...content,
          html: bodyEnd === undefined ? html : html.slice(0, bodyEnd) + pixel + html.slice(bodyEnd),
          ...(text !== undefined && channels.email?.trackLinks && { text: rewriteText(text, followed) }),
          ...(plan.lane === 'promotional' && { headers: oneClick(personal(LINK_PATHS.unsubscribe)) }),
        };
      },
    };
  };

/** The address as a browser would ask for it; undefined for what is not of the web, and for Herald's own links. */
const targetOf = (address: string, base: string): string | undefined => {
  if (!/^[\0- ]*https?:/i.test(address) || !URL.canParse(address)) return undefined;
  const { href } = new URL(address);
  return href.length > MAX_TARGET || href.startsWith(`${base}/v1/`) ? undefined : href;
};

const pixelOf = (url: string): string => `<img src="${url}" width="1" height="1" alt="" style="border:0">`;

/** RFC 8058: mailboxes show their own way out, and a POST to it acts. */
const oneClick = (url: string): Record<string, string> => ({
  'List-Unsubscribe': `<${url}>`,
  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
});
