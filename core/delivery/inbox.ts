import type { Outgoing } from './sender.ts';

/** An in-app message as an app reads it. The id begins with the time, so ids sort as the messages do. */
export type InboxMessage = {
  messageId: string;
  title: string;
  body: string;
  url?: string;
  atMs: number;
  /** It is shown until then. */
  expiresMs: number;
  /** When it was marked as read first; absent: it was not. */
  readMs?: number;
};

const DAY_MS = 86_400_000;

/** The same message to the same person has the same id, whenever it is tried again. */
export const inboxMessageOf = ({ id, atMs, content }: Outgoing<'inapp'>): InboxMessage => {
  const { title, body, url, expiresAfterDays } = content;
  return {
    messageId: atMs.toString(36).padStart(9, '0') + id,
    title,
    body,
    ...(url && { url }),
    atMs,
    expiresMs: atMs + expiresAfterDays * DAY_MS,
  };
};
