import * as z from 'zod/mini';
import type { BounceClass } from '../bounce.ts';
import type { Receipt } from '../receipt.ts';
import { joinRef } from '../receipt-ref.ts';

const text = z.string();
const mail = z.object({
  messageId: text,
  timestamp: text,
  /** Every tag of the message, each with a list of values. */
  tags: z.optional(z.record(text, z.array(text))),
});
const bouncedRecipient = z.object({ status: z.optional(text) });

/**
 * What SES publishes of a message, the same to SNS and as `detail` to EventBridge ("Contents of event data that Amazon SES
 * publishes to Amazon SNS" in its guide); only what is read here. Other types (Send, DeliveryDelay …) are no receipts.
 */
const sesEvent = z.discriminatedUnion('eventType', [
  z.object({ eventType: z.literal('Delivery'), mail, delivery: z.object({ timestamp: text }) }),
  z.object({
    eventType: z.literal('Bounce'),
    mail,
    bounce: z.object({
      bounceType: text,
      bounceSubType: text,
      bouncedRecipients: z.array(bouncedRecipient),
      timestamp: text,
    }),
  }),
  z.object({
    eventType: z.literal('Complaint'),
    mail,
    complaint: z.object({
      timestamp: text,
      complaintFeedbackType: z.optional(z.nullable(text)),
      complaintSubType: z.optional(z.nullable(text)),
    }),
  }),
  z.object({ eventType: z.literal('Reject'), mail }),
  z.object({ eventType: z.literal('Rendering Failure'), mail }),
]);
const KNOWN = new Set(['Delivery', 'Bounce', 'Complaint', 'Reject', 'Rendering Failure']);

/** Temporary as SES sees it, but about the message: another one may get through. */
const BLOCKED = new Set(['MessageTooLarge', 'ContentRejected', 'AttachmentRejected']);

/**
 * SES's type and subtype (Permanent: General, NoEmail, Suppressed, OnAccountSuppressionList; Transient: General, MailboxFull …;
 * Undetermined) and the enhanced status code (RFC 3463): x.7.x is security or policy, so about the sender, except where SES
 * says that the address is on a suppression list.
 */
export const sesBounceClass = (type: string, subType: string, status = ''): BounceClass => {
  if (BLOCKED.has(subType)) return 'block';
  if (/^[45]\.7\./.test(status) && !/Suppress/.test(subType)) return 'block';
  if (type === 'Permanent') return 'hard';
  return type === 'Transient' ? 'soft' : 'undetermined';
};

/**
 * An automatic answer (out of the office) is told of as a bounce, too, though the message has arrived. A mailbox writes it, and not
 * a mail server, so there is no delivery status notification with it, from which a bounce has its `status`.
 */
const isAutomaticAnswer = (type: string, subType: string, status: string | undefined): boolean =>
  type === 'Transient' && subType === 'General' && status === undefined;

/** Undefined for what is no receipt of a message of Herald's. Throws for an event that does not look as documented. */
export const sesReceipt = (event: { eventType?: unknown }): Receipt | undefined => {
  if (!KNOWN.has(String(event.eventType))) return undefined;
  const said = z.parse(sesEvent, event);
  const { messageId, tags, timestamp } = said.mail;
  const ref = joinRef((name) => tags?.[name]?.[0]);
  // Its tags always come back: without them it is another application's.
  if (!ref) return undefined;
  const receipt = (outcome: Receipt['outcome'], detail: string, at: string): Receipt => ({
    ...{ ref, outcome, detail, messageId },
    atMs: Date.parse(at),
  });
  switch (said.eventType) {
    case 'Delivery':
      return receipt('delivered', '', said.delivery.timestamp);
    case 'Bounce': {
      const { bounceType, bounceSubType, bouncedRecipients, timestamp: at } = said.bounce;
      const status = bouncedRecipients[0]?.status;
      if (isAutomaticAnswer(bounceType, bounceSubType, status)) return undefined;
      return receipt('bounced', sesBounceClass(bounceType, bounceSubType, status), at);
    }
    case 'Complaint':
      // Not sent at all: the address is on the account's suppression list, because of a complaint about some message of before.
      if (said.complaint.complaintSubType === 'OnAccountSuppressionList')
        return receipt('bounced', 'hard', said.complaint.timestamp);
      // Feedback of this type takes a complaint back (RFC 5965): the person says that it is no spam.
      if (said.complaint.complaintFeedbackType === 'not-spam') return undefined;
      return receipt('complained', '', said.complaint.timestamp);
    case 'Reject':
    case 'Rendering Failure':
      return receipt('failed', 'message-refused', timestamp);
  }
};
