import { createHash } from 'node:crypto';
import type { PageWords } from './page-words.ts';

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Colours keep 4.5 : 1 in both schemes, targets 44 px (WCAG 2.2, 1.4.3 and 2.5.5). */
const STYLE = `
:root { color-scheme: light dark; --ground: light-dark(#fff, #15181d); --text: light-dark(#1a1d21, #eceef1); --quiet: light-dark(#4d5561, #b3bac4); --line: light-dark(#8a929e, #6c7480); --act: light-dark(#0b57b0, #8cc2ff); --on: light-dark(#fff, #10151c); }
* { box-sizing: border-box; } html { background: var(--ground); } body { font: 1.0625rem/1.6 system-ui, sans-serif; color: var(--text); margin: 0 auto; max-width: 38rem; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; } p { margin: .5rem 0; } .quiet { color: var(--quiet); }
fieldset { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; padding: .5rem 1rem; } legend { font-weight: 600; padding: 0 .35rem; }
label { display: flex; gap: .75rem; align-items: center; min-height: 2.75rem; cursor: pointer; overflow-wrap: anywhere; } input { width: 1.35rem; height: 1.35rem; flex: none; accent-color: var(--act); }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .4rem 1.25rem; border-radius: .5rem; border: 2px solid var(--act); cursor: pointer; background: var(--act); color: var(--on); } button.second { background: none; color: var(--act); }
a { color: var(--act); } :focus-visible { outline: 3px solid var(--act); outline-offset: 3px; } [role=status] { border-inline-start: 4px solid var(--act); padding: .25rem .75rem; }`;

/** The page needs nothing but its own style, which is named by its hash: no script runs, whatever gets into it. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Of everything that a link's token leads to: nobody keeps it, and nobody learns the link by following another one. */
export const PRIVATE_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex, nofollow',
} as const;
export const PAGE_HEADERS = { ...PRIVATE_HEADERS, 'content-security-policy': POLICY } as const;

/** A whole page. `main` is HTML, everything else text. */
export const pageHtml = (
  { lang, from }: PageWords,
  { title, main, sender }: { title: string; main: string; sender: string | undefined },
): string => `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${main}
</main>${sender ? `<footer class="quiet"><p>${escapeHtml(from(sender))}</p></footer>` : ''}</body></html>`;
