import type { OutcomeRow } from './outcome.ts';
import type { Receipt } from './receipt.ts';
import type { ReceiptRef } from './receipt-ref.ts';

/**
 * A receipt as a row of the lake table `outcomes`: one id for each thing that may be heard of a message, however often and by
 * whatever way it is heard. Without a ref all it knows is the provider's id of the message, which the row of its sending has too.
 */
export const receiptRow = (receipt: Receipt, ref: ReceiptRef | undefined): OutcomeRow => {
  const { outcome, detail, atMs, messageId } = receipt;
  return {
    outcome_id: [ref ? `r#${ref.message}` : `m#${messageId}`, outcome, detail].join('#'),
    plan_kind: ref?.planKind ?? '',
    plan_id: ref?.planId ?? '',
    run_id: ref?.run ?? '',
    profile_id: ref?.profileId ?? '',
    channel: ref?.channel ?? 'none',
    outcome,
    reason: detail,
    final: false,
    at_ms: atMs,
    message_id: messageId,
    event_id: '',
  };
};
