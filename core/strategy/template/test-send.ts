import { type Channel, fieldOf } from '../../delivery/channel.ts';
import { isSettled, type LedgerRecord, settledOf } from '../../delivery/ledger.ts';
import type { DirectMessage, SnapshotRow } from '../../delivery/messages.ts';
import { freezePlan } from '../plan-hash.ts';
import type { PlanVersion } from '../plan-version.ts';
import type { TemplateContent } from '../template.ts';
import type { TemplateProfile } from '../template-variables.ts';
import type { TestChannel, TestRecipient } from './test-recipients.ts';

/** What is known of a test afterwards. Addresses are not: a recipient is known by the name that the settings gave it. */
export type TestSend = {
  id: string;
  templateId: string;
  templateVersion: number;
  by: string;
  atMs: number;
  recipients: { name: string; channel: TestChannel }[];
};

/** A test is worth nothing the next day. */
const WORTH_MS = 3_600_000;
const MARK = '[Test] ';

/** The content with the mark on whatever its channels show first. Templates of Meta and WeChat have no place for it. */
const marked = ({ email, sms, push, ...others }: TemplateContent['channels']): TemplateContent['channels'] => ({
  ...others,
  ...(email && { email: { ...email, subject: MARK + email.subject } }),
  ...(sms && { sms: { ...sms, text: MARK + sms.text } }),
  ...(push && { push: { ...push, title: MARK + push.title } }),
});

/** The plan of a test on one channel: transactional, so neither caps nor consents count, and it waits behind no campaign. */
export const testPlan = (templateId: string, template: TemplateContent, channel: Channel): PlanVersion => {
  const only = (own: TemplateContent['channels']) => marked({ [channel]: own[channel] });
  const locales = Object.entries(template.locales ?? {}).filter(([, own]) => own[channel] !== undefined);
  return freezePlan({
    planKind: 'test',
    planId: templateId,
    name: template.name,
    topic: 'test',
    lane: 'transactional',
    channelPolicy: [channel],
    template: {
      name: template.name,
      ...(template.locale && { locale: template.locale }),
      channels: only(template.channels),
      ...(locales.length > 0 && { locales: Object.fromEntries(locales.map(([tag, own]) => [tag, only(own)])) }),
    },
  });
};

/** Names the message of the nth recipient. No profile has such an id: whoever reads it in a table knows what it is. */
const personOf = (id: string, n: number): string => `test:${id}:${n}`;

/** What names a test's message in queue and ledger. */
export const testKey = ({ id, templateId, atMs }: Pick<TestSend, 'id' | 'templateId' | 'atMs'>, n: number) => ({
  ...{ kind: 'direct' as const, step: 0, profileId: personOf(id, n), deadlineMs: atMs + WORTH_MS },
  plan: { kind: 'test' as const, id: templateId, hash: '' },
  event: {
    ...{ id, type: 'test', source: 'herald', profileId: personOf(id, n) },
    ...{ timeMs: atMs, receivedMs: atMs, properties: {} as Record<string, unknown> },
  },
  // Of a person and an occasion there is one message, however often it is asked for.
  window: { firing: id },
});

type Sample = {
  profile: TemplateProfile;
  event?: { type: string; properties: Record<string, unknown> };
  window?: { value: number };
};

/** What a template says about the person: names of attributes, and whether it writes out an address. */
export type Named = { attributes: readonly string[]; email: boolean; phone: boolean };

/** Bytes of a message: a queue takes 256 KB, and a sender reads ten at once. */
export const MAX_TEST_MESSAGE = 100_000;

/**
 * The message to the nth recipient: with the words and values of the sample, of whom only what is `named` goes along, to the
 * recipient's address and to no other.
 */
export const testMessage = (
  test: TestSend,
  n: number,
  { channel, address }: TestRecipient,
  { hash }: PlanVersion,
  { profile, event, window }: Sample,
  named: Named,
): DirectMessage => {
  const key = testKey(test, n);
  const { locale, timeZone, attributes, email, phone } = profile;
  const kept = Object.entries(attributes).filter(([name]) => named.attributes.includes(name));
  const to: SnapshotRow = {
    profileId: key.profileId,
    ...(locale && { locale }),
    ...(timeZone && { timeZone }),
    attributes: Object.fromEntries(kept),
    ...(named.email && email && { email }),
    ...(named.phone && phone && { phone }),
    [fieldOf(channel)]: address,
  };
  return {
    ...key,
    plan: { ...key.plan, hash },
    to,
    event: { ...key.event, ...event },
    window: { ...window, ...key.window },
  };
};

/** What became of a test's message. */
export type TestOutcome =
  | { state: 'waiting' | 'sending' | 'sent' | 'delivered' | 'opened'; messageId?: string }
  | { state: 'not-sent'; reason: string };

export const testOutcome = (
  record: LedgerRecord | undefined,
  heard: { delivered: boolean; opened: boolean },
): TestOutcome => {
  if (!record) return { state: 'waiting' };
  const settled = settledOf(record, 'all').get(0);
  if (settled === undefined || !isSettled(record)) return { state: 'sending' };
  if (settled !== '') return { state: 'not-sent', reason: settled };
  const state = heard.opened ? 'opened' : heard.delivered ? 'delivered' : 'sent';
  return { state, ...(record.messageId && { messageId: record.messageId }) };
};
