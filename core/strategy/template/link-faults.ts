import { MAX_TARGET } from '../../delivery/links/max-target.ts';
import type { Note } from './notes.ts';

const LOCAL =
  /^(localhost|.*\.(local|localhost|internal|test)|127\.\d+\.\d+\.\d+|10\.\d+\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+|(192\.168|169\.254)\.\d+\.\d+|0\.0\.0\.0|\[::1?\])$/i;
/** Names that nobody can register (RFC 2606), and those that stand in texts until somebody knows better. */
const PLACEHOLDER = /(^|\.)(example|invalid|example\.(com|net|org)|(your|my)-?(domain|shop|site|company)\.[a-z]+)$/i;

/** Why a link is doubtful, or undefined. It is only looked at: nobody is asked over the network. */
export const linkFault = (href: string): Note | undefined => {
  const target = href.replaceAll('&amp;', '&').trim();
  const fault = (code: string, message: string): Note => ({ code, message });
  if (target === '') return fault('link-empty', 'A link leads nowhere');
  if (target.startsWith('#') || /^(mailto|tel|sms):/i.test(target)) return undefined;
  const shown = target.slice(0, 100);
  const [, scheme] = /^([a-z][a-z0-9+.-]*):/i.exec(target) ?? [];
  if (scheme === undefined || /^[\w.-]+\.[a-z]+$/i.test(scheme))
    return fault('link-relative', `${shown} is no address of the web: it begins with https://`);
  if (!/^https?$/i.test(scheme))
    return fault('link-scheme', `${shown} is no address of the web: mail programs open no ${scheme}: links`);
  if (!/^https?:\/\/[^\s<>"]+$/i.test(target) || !URL.canParse(target))
    return fault('link-malformed', `${shown} is not written as an address is`);
  const { protocol, hostname } = new URL(target);
  if (LOCAL.test(hostname) || !hostname.includes('.'))
    return fault('link-local', `${shown} only exists on your own machine or network`);
  if (PLACEHOLDER.test(hostname)) return fault('link-placeholder', `${shown} only stands for an address`);
  if (target.length > MAX_TARGET)
    return fault('link-long', `${shown}… has ${target.length} characters; it is followed up to ${MAX_TARGET}`);
  return protocol === 'http:' ? fault('link-insecure', `${shown} is not https`) : undefined;
};

/**
 * The same of a link as it is written. `word` matches what stands for Liquid in it: whatever begins with Liquid is known when it is
 * rendered only; where Liquid makes the host, a link may lead anywhere.
 */
export const writtenLinkFault = (href: string, word: RegExp): Note | undefined => {
  const target = href.trim();
  if (target.search(word) === 0) return undefined;
  const plain = target.replace(word, 'x');
  const [start = ''] = /^https?:\/\/[^/?#]*/i.exec(target) ?? [];
  if (start.search(word) < 0) return linkFault(plain);
  return { code: 'link-liquid', message: `Liquid makes the host of ${plain.slice(0, 100)}: write it out` };
};

const MAX_LINKS = 20;
/** What is doubtful about the addresses in a plain text. */
export const textLinkNotes = (text: string): Note[] =>
  [...text.matchAll(/\bhttps?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]，。；：！？）]/gi)]
    .flatMap(([address]) => linkFault(address) ?? [])
    .slice(0, MAX_LINKS);
