import { type Fate, fateOf } from './simulated-addresses.ts';
import type { Context } from './types.ts';

/** A text that the service has accepted. */
export type AcceptedText = {
  messageId: string;
  to: string;
  from: string;
  type: string;
  parts: number;
  context: Record<string, string>;
};

const EVENTS: Record<Exclude<Fate, 'silent'>, [type: string, description: string]> = {
  delivered: ['DELIVERED', 'Message has been accepted by phone'],
  complaint: ['DELIVERED', 'Message has been accepted by phone'],
  hard: ['INVALID', 'Phone number is invalid'],
  soft: ['UNREACHABLE', 'Phone is currently unreachable/unavailable'],
  undetermined: ['UNKNOWN', 'Unknown error attempting to reach phone'],
  block: ['CARRIER_BLOCKED', 'Phone carrier has blocked this message'],
};
/** Slow for a carrier: see ses-events.ts. */
const CARRIER_MS = 300_000;

/**
 * What End User Messaging SMS publishes of a text ("SMS example log" in its guide) when it has come to an end. To
 * the topics of the configuration set, and always to the default bus, there without the number and the context, as its sample
 * event has neither.
 */
export const publishSmsEvents = (
  { clock, services }: Context,
  { messageId, to, from, type, parts, context }: AcceptedText,
  topicArns: readonly string[],
): void => {
  const requestedMs = clock.now();
  const publish = (status: string, description: string) => {
    const event = {
      eventType: `TEXT_${status}`,
      eventVersion: '1.0',
      eventTimestamp: clock.now(),
      isFinal: true,
      originationPhoneNumber: from,
      isInternationalSend: false,
      isoCountryCode: 'US',
      messageId,
      messageRequestTimestamp: requestedMs,
      messageEncoding: 'GSM',
      messageType: type,
      messageStatus: status,
      messageStatusDescription: description,
      totalMessageParts: parts,
      totalMessagePrice: 0.00581 * parts,
      totalCarrierFee: 0,
    };
    const full = JSON.stringify({ ...event, destinationPhoneNumber: to, context });
    for (const topicArn of topicArns) services.sns.publish(topicArn, full);
    const detailType = 'Text Message Delivery Status Updated';
    services.bus.put('default', { source: 'aws.sms-voice', detailType, detail: event });
  };

  const fate = fateOf('sms', to);
  if (fate === 'silent') return;
  const [status, description] = EVENTS[fate];
  clock.at(requestedMs + CARRIER_MS, () => publish(status, description));
};
