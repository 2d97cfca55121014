import { smsParts } from '../../delivery/sms-parts.ts';
import type { RenderedContent } from '../template.ts';
import { linkFault, textLinkNotes } from './link-faults.ts';
import { pageNotes, textOfPage } from './page-notes.ts';

/** What an author should know; it keeps nobody from sending. `code` is for programs, `message` for people. */
export type Note = { code: string; message: string };

/** Gmail shows so much of a page, and hides the rest behind a link (spamresource.com, 2022: 102 to 105 KB). */
const GMAIL_BYTES = 102_000;
/** Phones show 30 to 40 characters of a subject, programs on a desk about 60. */
const SUBJECT = { phone: 40, desk: 60 };
/** What a locked iPhone shows of a notification, in four lines; Android shows 65 and 240. */
const PUSH = { title: 50, body: 178 };
/** APNs takes 4,096 bytes, of which the frame around the words needs some. */
const PUSH_BYTES = 3_900;
/** Inboxes show this much of the page after the subject, at the most. */
const PREHEADER = 140;

/** How mail programs, phones and networks treat this message. */
export const notesOn = (content: RenderedContent): Note[] => {
  if (content.channel === 'email') return emailNotes(content);
  if (content.channel === 'sms') return [...smsNotes(content.text), ...textLinkNotes(content.text)];
  if (content.channel === 'push') return pushNotes(content);
  if (content.channel === 'webhook' || content.channel === 'whatsapp') return [];
  // A place in the app has a scheme of its own.
  const isPlace = content.channel === 'inapp' && !/^(https?|javascript|data):/i.test(content.url ?? '');
  const fault = content.url === undefined || isPlace ? undefined : linkFault(content.url);
  return fault ? [fault] : [];
};

const emailNotes = ({ subject, html, text }: Extract<RenderedContent, { channel: 'email' }>): Note[] => {
  const bytes = Buffer.byteLength(html);
  const shown = textOfPage(html).slice(0, PREHEADER);
  const { length } = [...subject];
  return [
    ...(length === 0 ? [note('subject-empty', 'There is nothing in the subject')] : []),
    ...(length > SUBJECT.phone
      ? [
          note(
            'subject-length',
            `The subject has ${length} characters; phones show about ${SUBJECT.phone}, others ${SUBJECT.desk}`,
          ),
        ]
      : []),
    shown === ''
      ? note('no-preheader', 'The page has no text for inboxes to show after the subject')
      : note('preheader', `Inboxes show after the subject: ${shown}`),
    ...(bytes > GMAIL_BYTES
      ? [
          note(
            'gmail-clip',
            `The page has ${bytes} bytes; Gmail hides what comes after ${GMAIL_BYTES}, perhaps the way to unsubscribe`,
          ),
        ]
      : []),
    ...(text === undefined
      ? [note('no-text', 'There is no text for programs that show no HTML')]
      : textLinkNotes(text)),
    ...pageNotes(html),
  ];
};

const smsNotes = (text: string): Note[] => {
  const { encoding, parts } = smsParts(text);
  const dear = [...text].find((sign) => smsParts(sign).encoding === 'ucs-2');
  return [
    ...(parts > 1 ? [note('sms-parts', `It is sent, and billed, as ${parts} messages`)] : []),
    ...(encoding === 'ucs-2' && dear
      ? [note('sms-encoding', `“${dear}” is not in the alphabet of SMS: 70 characters make a message, not 160`)]
      : []),
  ];
};

const pushNotes = ({ title, body }: { title: string; body: string }): Note[] => {
  const bytes = Buffer.byteLength(JSON.stringify({ title, body }));
  const long = (of: 'title' | 'body', text: string) =>
    [...text].length > PUSH[of]
      ? [note('push-length', `The ${of} has ${[...text].length} characters; a locked iPhone shows about ${PUSH[of]}`)]
      : [];
  return [
    ...long('title', title),
    ...long('body', body),
    ...(bytes > PUSH_BYTES ? [note('push-size', `It has ${bytes} bytes; Apple takes ${PUSH_BYTES}`)] : []),
  ];
};

const note = (code: string, message: string): Note => ({ code, message });
