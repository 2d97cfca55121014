import { randomUUID } from 'node:crypto';
import { fateOf } from './simulated-addresses.ts';
import type { Context } from './types.ts';

/** Where events of a configuration set go: to the default bus, or to a topic. */
export type EventDestination = { types: string[]; topicArn?: string };
/** An email that SES has accepted. */
export type Accepted = { messageId: string; from: string; to: string; tags: Record<string, string[]> };

/** Name of a type in a destination, in the event, and of the event on the bus. */
const NAMES = {
  DELIVERY: ['Delivery', 'Email Delivered'],
  BOUNCE: ['Bounce', 'Email Bounced'],
  COMPLAINT: ['Complaint', 'Email Complaint Received'],
} as const;
type EventType = keyof typeof NAMES;

const BOUNCES = {
  hard: ['Permanent', 'General', '5.1.1', 'smtp; 550 5.1.1 user unknown'],
  soft: ['Transient', 'MailboxFull', '4.2.2', 'smtp; 452 4.2.2 mailbox full'],
  undetermined: ['Undetermined', 'Undetermined', undefined, undefined],
  block: ['Transient', 'ContentRejected', '5.6.0', 'smtp; 554 5.6.0 content rejected'],
} as const;

/** Slow for a mailbox, so that what a campaign costs and what is heard of it later are two bills. */
const REPORTED_MS = 300_000;
const HOUR_MS = 3_600_000;

/**
 * What SES publishes of an email after it was accepted, in the words of its guide ("Examples of event data that Amazon SES
 * publishes to Amazon SNS"; on the bus the same is `detail`). The address decides what comes. A process that ends before
 * forgets it: events are best effort on AWS too.
 */
export const publishSesEvents = (
  { clock, services, account, region }: Context,
  { messageId, from, to, tags }: Accepted,
  destinations: readonly EventDestination[],
): void => {
  const sentMs = clock.now();
  const iso = (ms: number) => new Date(ms).toISOString();
  const publish = (type: EventType, afterMs: number, about: (timestamp: string) => object) => {
    clock.at(sentMs + afterMs, () => {
      const [eventType, detailType] = NAMES[type];
      const event = {
        eventType,
        [eventType.toLowerCase()]: about(iso(clock.now())),
        mail: {
          timestamp: iso(sentMs),
          source: from,
          sourceArn: `arn:aws:ses:${region}:${account}:identity/${from}`,
          sendingAccountId: account,
          messageId,
          destination: [to],
          headersTruncated: false,
          headers: [
            { name: 'From', value: from },
            { name: 'To', value: to },
          ],
          commonHeaders: { from: [from], to: [to], messageId },
          tags,
        },
      };
      for (const { topicArn } of destinations.filter(({ types }) => types.includes(type))) {
        if (topicArn) services.sns.publish(topicArn, JSON.stringify(event));
        else services.bus.put('default', { source: 'aws.ses', detailType, detail: event });
      }
    });
  };

  const fate = fateOf('email', to);
  if (fate === 'silent') return;
  if (fate === 'delivered' || fate === 'complaint') {
    publish('DELIVERY', REPORTED_MS, (timestamp) => ({
      timestamp,
      processingTimeMillis: REPORTED_MS,
      recipients: [to],
      smtpResponse: '250 2.6.0 Message received',
      remoteMtaIp: '127.0.2.0',
      reportingMTA: 'mta.example.com',
    }));
    if (fate === 'complaint')
      publish('COMPLAINT', HOUR_MS, (timestamp) => ({
        complainedRecipients: [{ emailAddress: to }],
        timestamp,
        feedbackId: randomUUID(),
        complaintSubType: null,
        userAgent: 'Any User Agent',
        complaintFeedbackType: 'abuse',
        arrivalDate: timestamp,
      }));
    return;
  }
  const [bounceType, bounceSubType, status, diagnosticCode] = BOUNCES[fate];
  publish('BOUNCE', REPORTED_MS, (timestamp) => ({
    bounceType,
    bounceSubType,
    bouncedRecipients: [{ emailAddress: to, ...(status && { action: 'failed', status, diagnosticCode }) }],
    timestamp,
    feedbackId: randomUUID(),
    reportingMTA: 'dsn; mta.example.com',
  }));
};
