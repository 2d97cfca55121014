import { INBOX_CHANNELS, type InboxMessage, inbox } from './inbox.ts';
import type { Context, ServiceRequest, ServiceResponse } from './types.ts';

const PAGE_SIZE = 100;

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d5d8de, #3a3f47); --quiet: light-dark(#555c66, #a4abb5); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 52rem; padding: 1.5rem 1rem 4rem; }
p, header { color: var(--quiet); } h2 { font-size: 1rem; margin: .35rem 0 0; } ol { list-style: none; padding: 0; }
form, header { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: end; }
label { display: grid; } input, select, button { font: inherit; padding: .35rem .6rem; }
article { border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0; padding: .75rem 1rem; overflow-wrap: anywhere; }
pre { font: inherit; white-space: pre-wrap; margin: .35rem 0 0; } iframe { width: 100%; height: 24rem; border: 1px solid var(--line); background: #fff; }`;

/** The text of a message with its links to be followed, as a phone shows them. */
const linked = (text: string): string =>
  text
    .split(/(https?:\/\/[^\s<>"']+)/)
    .map((part, n) => {
      const shown = escapeHtml(part);
      return n % 2 ? `<a href="${shown}" target="_blank" rel="noopener noreferrer">${shown}</a>` : shown;
    })
    .join('');

const article = ({ channel, to, title, body, html, headers, atMs, messageId }: InboxMessage): string => {
  const time = `${new Date(atMs).toISOString().replace('T', ' ').slice(0, 19)} UTC`;
  // No scripts, forms or navigation of the message can run in here, whatever it holds; its links open beside the inbox.
  const content = escapeHtml(`<base target="_blank">${html ?? ''}`);
  const sandbox = 'allow-popups allow-popups-to-escape-sandbox';
  const frame = `<iframe sandbox="${sandbox}" title="Email to ${escapeHtml(to)}" srcdoc="${content}"></iframe>`;
  const head = Object.entries(headers ?? {}).map(([name, value]) => `${escapeHtml(name)}: ${linked(value)}`);
  return `<li><article aria-labelledby="m${messageId}">
<header><strong>${channel}</strong><span id="m${messageId}">to ${escapeHtml(to)}</span><time>${time}</time></header>
${title ? `<h2>${escapeHtml(title)}</h2>` : ''}${body ? `<pre>${linked(body)}</pre>` : ''}
${html ? `<details><summary>Show the email as HTML</summary>${frame}</details>` : ''}
${head.length > 0 ? `<details><summary>Headers</summary><pre>${head.join('\n')}</pre></details>` : ''}</article></li>`;
};

/** The inbox for a person, a page that works without JavaScript, and as JSON: `/_local/inbox` and `/_local/inbox.json`. */
export const inboxPages = (ctx: Context): ((request: ServiceRequest) => ServiceResponse) => {
  const { list, count } = inbox(ctx);

  const page = (channel: string, to: string, messages: InboxMessage[]): string => {
    const options = INBOX_CHANNELS.map((one) => `<option${one === channel ? ' selected' : ''}>${one}</option>`);
    const older = new URLSearchParams({ channel, to, before: String(messages.at(-1)?.id) });
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inbox – Herald, local</title><style>${STYLE}</style></head>
<body><main><h1>Inbox</h1><p>Every message that Herald has sent on this machine: ${count()}. Nothing leaves it.</p>
<form method="get"><label>Channel<select name="channel"><option value="">all</option>${options.join('')}</select></label>
<label>Address contains<input name="to" value="${escapeHtml(to)}"></label><button>Show</button></form>
${messages.length > 0 ? `<ol>${messages.map(article).join('\n')}</ol>` : '<p>No message is here yet.</p>'}
${messages.length === PAGE_SIZE ? `<nav><a href="?${escapeHtml(older.toString())}">Older messages</a></nav>` : ''}</main></body></html>`;
  };

  return ({ path, query }) => {
    const [channel, to] = [query.get('channel') ?? '', query.get('to') ?? ''];
    const [after, before] = [Number(query.get('after')), Number(query.get('before')) || Number.MAX_SAFE_INTEGER];
    const messages = list({ channel, to, after, before, limit: Number(query.get('limit') ?? PAGE_SIZE) });
    if (path === '/_local/inbox.json') return { body: { count: count(), messages } };
    if (path !== '/_local/inbox') return { status: 404, body: { message: 'Not Found' } };
    // The image of an open comes from here, too; in a sandbox nothing is 'self'.
    const images = `https: data: ${ctx.endpoint()}`;
    const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src ${images}; form-action 'self'`;
    return {
      headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
      body: page(channel, to, messages),
    };
  };
};
