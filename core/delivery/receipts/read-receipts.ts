import * as z from 'zod/mini';
import { RECEIPT_OUTCOMES, type Receipt } from '../receipt.ts';
import { sesReceipt } from './ses.ts';
import { smsReceipt } from './sms.ts';
import { whatsappBusReceipt, whatsappReceipts } from './whatsapp.ts';

/** A receipt as such comes as `{ receipt }`: from whoever sends for Herald and is no service of AWS. */
const own: z.ZodMiniType<Receipt> = z.object({
  ref: z.string(),
  outcome: z.enum(RECEIPT_OUTCOMES),
  atMs: z.number(),
  messageId: z.string(),
  detail: z.string(),
});

/**
 * The receipts in a message of the receipts queue: what SNS delivered raw, or an event of EventBridge, whose `detail` is the
 * same. None for what is about something else. Throws for what looks like a receipt but not as its service documents it.
 */
export const readReceipts = (message: Record<string, unknown>): Receipt[] => {
  const receipts = receiptsOf(message);
  // One whose time cannot be written would keep all that it is received with from being written.
  if (receipts.some(({ atMs }) => !Number.isSafeInteger(atMs))) throw new Error('A receipt without a time');
  return receipts;
};

const receiptsOf = (message: Record<string, unknown>): Receipt[] => {
  if (message.receipt) return [z.parse(own, message.receipt)];
  const isEvent = typeof message['detail-type'] === 'string';
  const said = (isEvent ? message.detail : message) as Record<string, unknown>;
  if (isEvent && message.source === 'aws.social-messaging') return some(whatsappBusReceipt(said));
  if (typeof said.whatsAppWebhookEntry === 'string') return whatsappReceipts(said.whatsAppWebhookEntry);
  return some(said.mail ? sesReceipt(said) : smsReceipt(said));
};

const some = (receipt: Receipt | undefined): Receipt[] => (receipt ? [receipt] : []);
