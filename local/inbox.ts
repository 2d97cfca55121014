import { randomUUID } from 'node:crypto';
import type { Context } from './types.ts';

/** Channels that end here: in-app messages and webhooks have receivers of their own. */
export const INBOX_CHANNELS = ['email', 'sms', 'push', 'whatsapp', 'wechat'] as const;
export type InboxChannel = (typeof INBOX_CHANNELS)[number];

/** A message that a provider accepted. `html` only for email. */
export type InboxMessage = {
  id: number;
  messageId: string;
  channel: InboxChannel;
  to: string;
  title: string;
  body: string;
  html?: string;
  /** Of an email, as far as Herald set them. */
  headers?: Record<string, string>;
  /** On the clock of the local cloud. */
  atMs: number;
  /** On the machine's clock, with fractions: for latencies under a virtual clock. */
  realMs: number;
};
export type InboxQuery = { channel?: string; to?: string; after?: number; before?: number; limit?: number };
export type Inbox = {
  /** Newest first, at most `limit` (default 100, -1 for all). `after` and `before` are ids; `to` is a part of the address. */
  list(query?: InboxQuery): InboxMessage[];
  count(): number;
  /** Returns the new message id. */
  add(message: Pick<InboxMessage, 'channel' | 'to' | 'title' | 'body' | 'html' | 'headers'>): string;
};

/** Where all channels end. The state is in the store, so every service may open it for itself. */
export const inbox = (ctx: Context): Inbox => {
  ctx.store.exec(`CREATE TABLE IF NOT EXISTS inbox (id INTEGER PRIMARY KEY AUTOINCREMENT, messageId TEXT, channel TEXT,
    recipient TEXT, title TEXT, body TEXT, html TEXT, atMs INTEGER, realMs REAL, headers TEXT)`);
  // A store that an older release has left lacks it.
  const columns = ctx.store
    .prepare('PRAGMA table_info(inbox)')
    .all()
    .map(({ name }) => name);
  if (!columns.includes('headers')) ctx.store.exec('ALTER TABLE inbox ADD COLUMN headers TEXT');
  const insert = ctx.store.prepare('INSERT INTO inbox VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const select = ctx.store.prepare(`SELECT * FROM inbox WHERE (?1 = '' OR channel = ?1)
    AND instr(lower(recipient), lower(?2)) > 0 AND id > ?3 AND id < ?4 ORDER BY id DESC LIMIT ?5`);
  const count = ctx.store.prepare('SELECT count(*) AS n FROM inbox');

  return {
    list: ({ channel = '', to = '', after = 0, before = Number.MAX_SAFE_INTEGER, limit = 100 } = {}) =>
      select.all(channel, to, after, before, limit).map(({ recipient, html, headers, ...row }) => ({
        ...(row as Omit<InboxMessage, 'to' | 'html' | 'headers'>),
        to: String(recipient),
        ...(html !== null && { html: String(html) }),
        ...(headers !== null && { headers: JSON.parse(String(headers)) as Record<string, string> }),
      })),
    count: () => Number(count.get()?.n),
    add({ channel, to, title, body, html = null, headers }) {
      const messageId = randomUUID();
      const realMs = performance.timeOrigin + performance.now();
      const head = headers && Object.keys(headers).length > 0 ? JSON.stringify(headers) : null;
      insert.run(messageId, channel, to, title, body, html, ctx.clock.now(), realMs, head);
      return messageId;
    },
  };
};
