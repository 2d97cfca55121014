import type { EmailText, Language } from './playbook.ts';

const UNSUBSCRIBE: Record<Language, string> = { en: 'Unsubscribe', zh: '退订' };
const PREFERENCES: Record<Language, string> = { en: 'Preferences', zh: '偏好设置' };
const COLON: Record<Language, string> = { en: ': ', zh: '：' };

/**
 * The HTML and the plain text of a playbook's email: one column, styles in the elements, since mail programs drop others. `brand`: who
 * writes. `marketing`: the foot has the links by which people leave.
 */
export const layOutEmail = (
  { subject, heading, lines, button }: EmailText,
  language: Language,
  { brand, marketing }: { brand: string; marketing: boolean },
): { subject: string; html: string; text: string } => ({
  subject,
  html: [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>`,
    '<body style="margin:0;background:#f4f4f5"><div style="max-width:560px;margin:0 auto;padding:32px 24px;background:#ffffff;font:16px/1.6 Arial,sans-serif;color:#18181b">',
    `<h1 style="margin:0 0 16px;font-size:24px;line-height:1.3">${heading}</h1>`,
    ...lines.map((line) => `<p style="margin:0 0 16px">${line}</p>`),
    `<p style="margin:24px 0"><a href="${button.url}" style="display:inline-block;padding:12px 24px;background:#18181b;color:#ffffff;text-decoration:none">${button.text}</a></p>`,
    `<p style="margin:32px 0 0;font-size:12px;color:#52525b">${[brand, ...(marketing ? footLinks(language) : [])].join(' · ')}</p>`,
    '</div></body></html>',
  ].join('\n'),
  text: [
    heading,
    ...lines,
    `${button.text}${COLON[language]}${button.url}`,
    [brand, ...(marketing ? [`${UNSUBSCRIBE[language]}${COLON[language]}{{ unsubscribe_url }}`] : [])].join(' · '),
  ].join('\n\n'),
});

const footLinks = (language: Language): string[] => [
  `<a href="{{ preferences_url }}" style="color:#52525b">${PREFERENCES[language]}</a>`,
  `<a href="{{ unsubscribe_url }}" style="color:#52525b">${UNSUBSCRIBE[language]}</a>`,
];
