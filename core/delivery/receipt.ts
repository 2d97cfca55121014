/** What is heard of a message after a channel has accepted it. */
export const RECEIPT_OUTCOMES = ['delivered', 'opened', 'clicked', 'bounced', 'complained', 'failed'] as const;
export type ReceiptOutcome = (typeof RECEIPT_OUTCOMES)[number];

/**
 * One thing heard of one message, whoever said it. It may come several times, late, and before what it follows.
 */
export type Receipt = {
  /** See receipt-ref.ts; '' when it came without. */
  ref: string;
  outcome: ReceiptOutcome;
  /** When it happened, by the clock of who says so. */
  atMs: number;
  /** The provider's id of the message; '' when Herald heard it itself. */
  messageId: string;
  /** Tells apart what may happen to one message more than once: the class of a bounce, why it failed, the link that was clicked. */
  detail: string;
};
