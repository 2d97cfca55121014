import * as z from 'zod/mini';
import type { Receipt } from '../receipt.ts';

const OUTCOMES: Record<string, Receipt['outcome']> = { delivered: 'delivered', read: 'opened', failed: 'failed' };

const status = z.object({
  status: z.string(),
  /** Unix seconds, as text. */
  timestamp: z.string(),
  biz_opaque_callback_data: z.optional(z.string()),
});

/**
 * What End User Messaging Social sends to SNS: Meta's webhook as a JSON text in `whatsAppWebhookEntry`, of which only the
 * statuses are read ("Message and event format" in its guide, "Status messages webhook" in Meta's).
 */
const entry = z.object({
  changes: z.array(z.object({ value: z.object({ statuses: z.optional(z.array(status)) }) })),
});

/**
 * The text of one entry may hold statuses of several messages. Theirs are Meta's ids, which Herald does not know: the ref
 * says whose they are. Throws for what does not look as documented.
 */
export const whatsappReceipts = (text: string): Receipt[] => {
  const { changes } = z.parse(entry, JSON.parse(text));
  return changes
    .flatMap(({ value }) => value.statuses ?? [])
    .flatMap(({ status: said, timestamp, biz_opaque_callback_data: ref }): Receipt[] => {
      const outcome = OUTCOMES[said];
      const detail = outcome === 'failed' ? 'undeliverable' : '';
      return outcome && ref ? [{ ref, outcome, detail, messageId: '', atMs: Number(timestamp) * 1_000 }] : [];
    });
};

/** The `detail` of EventBridge's `WhatsApp Message …` events, which carry no ref. */
const busDetail = z.object({ messageId: z.string(), status: z.string(), eventTimestamp: z.string() });

export const whatsappBusReceipt = (detail: unknown): Receipt | undefined => {
  const { messageId, status: said, eventTimestamp } = z.parse(busDetail, detail);
  const outcome = OUTCOMES[said];
  const reason = outcome === 'failed' ? 'undeliverable' : '';
  return outcome && { ref: '', outcome, detail: reason, messageId, atMs: Number(eventTimestamp) * 1_000 };
};
