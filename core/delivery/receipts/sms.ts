import * as z from 'zod/mini';
import type { Receipt } from '../receipt.ts';
import { joinRef } from '../receipt-ref.ts';

type Meaning = Pick<Receipt, 'outcome' | 'detail'>;
const bounced = (detail: 'hard' | 'soft' | 'block'): Meaning => ({ outcome: 'bounced', detail });
const failed = (detail: 'message-refused' | 'expired' | 'fate-unknown'): Meaning => ({ outcome: 'failed', detail });

/**
 * Event types of End User Messaging SMS ("Event types for SMS, MMS, and voice" in its guide). TEXT_SUCCESSFUL (the carrier
 * has it) and TEXT_DELIVERED are used interchangeably, depending on the country. The others (TEXT_QUEUED, TEXT_PENDING …) are
 * on the way, and no receipts.
 */
const MEANINGS: Record<string, Meaning> = {
  TEXT_SUCCESSFUL: { outcome: 'delivered', detail: '' },
  TEXT_DELIVERED: { outcome: 'delivered', detail: '' },
  TEXT_INVALID: bounced('hard'),
  TEXT_UNREACHABLE: bounced('soft'),
  TEXT_CARRIER_UNREACHABLE: bounced('soft'),
  TEXT_BLOCKED: bounced('block'),
  TEXT_CARRIER_BLOCKED: bounced('block'),
  TEXT_SPAM: bounced('block'),
  TEXT_PROTECT_BLOCKED: bounced('block'),
  TEXT_INVALID_MESSAGE: failed('message-refused'),
  TEXT_TTL_EXPIRED: failed('expired'),
  TEXT_UNKNOWN: failed('fate-unknown'),
};

/** The same to SNS and as `detail` to EventBridge; only what is read here. */
const smsEvent = z.object({
  eventType: z.string(),
  eventTimestamp: z.number(),
  isFinal: z.boolean(),
  messageId: z.string(),
  context: z.optional(z.nullable(z.record(z.string(), z.string()))),
});

/**
 * Undefined for what is no receipt. What comes without context is joined on the message id. Throws for an event that does not
 * look as documented.
 */
export const smsReceipt = (event: { eventType?: unknown }): Receipt | undefined => {
  const meaning = MEANINGS[String(event.eventType)];
  if (!meaning) return undefined;
  const { eventTimestamp: atMs, isFinal, messageId, context } = z.parse(smsEvent, event);
  // A failure may be followed by a success as long as it is not final: the carrier tries again.
  if (!isFinal && meaning.outcome !== 'delivered') return undefined;
  return { ...meaning, ref: joinRef((name) => context?.[name]), atMs, messageId };
};
