import { createHash } from 'node:crypto';
import type { AcceptedEvent } from '../event/event.ts';
import { MESSAGE_TYPES, ownEvent } from '../event/own-event.ts';
import type { Receipt } from './receipt.ts';
import type { ReceiptRef } from './receipt-ref.ts';
import { receiptRow } from './receipt-rows.ts';

/**
 * What was heard of a message as an event of its person, `herald.message.opened` for example, so that triggers, segments and journeys can
 * ask for it. `properties`: `planKind`, `planId`, `channel`; of a journey's message `node`; of a click `link`, without its query; of what went wrong `reason`.
 * Undefined for messages that such an event has asked for, and for tests of templates; for opens and clicks of machines, which nobody did, and for the arrival of a campaign's messages: a million events
 * that hardly anybody asks for would cost as much as a tenth of the campaign.
 */
export const messageEvent = (receipt: Receipt, ref: ReceiptRef): AcceptedEvent | undefined => {
  const { outcome, detail, atMs } = receipt;
  const { planKind, planId, node, channel, profileId } = ref;
  if (ref.quiet || planKind === 'test' || (outcome === 'delivered' && planKind === 'campaign')) return undefined;
  const isOwnDoing = outcome === 'opened' || outcome === 'clicked';
  // See linkReceipt: what machine it was, and of a click the link.
  const [said = '', link] = outcome === 'clicked' ? split(detail) : [detail];
  if (isOwnDoing && said !== '') return undefined;
  return ownEvent({
    // As unique as the outcome, and as short as the ids of other events.
    id: createHash('sha256').update(receiptRow(receipt, ref).outcome_id).digest('base64url'),
    type: MESSAGE_TYPES + outcome,
    profileId,
    timeMs: atMs,
    properties: {
      ...{ planKind, planId, channel },
      ...(node !== undefined && { node }),
      ...(link !== undefined && { link }),
      ...(!isOwnDoing && said !== '' && { reason: said }),
    },
  });
};

/** At the first `|`, for a link may have more. */
const split = (detail: string): [string, string] => {
  const at = detail.indexOf('|');
  return [detail.slice(0, at), detail.slice(at + 1)];
};
