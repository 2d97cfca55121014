import { eventText, sequenceText } from './event-text.ts';
import type { Field } from './profile.ts';
import { askedText, quoted } from './question-text.ts';
import type { Segment, SegmentCondition, SegmentReference } from './segment.ts';
import { treeText } from './tree-text.ts';

const FIELDS: Record<Field, string> = {
  email: 'email address',
  phone: 'phone number',
  pushToken: 'push token',
  wechatOpenId: 'WeChat open id',
  timeZone: 'time zone',
  locale: 'locale',
};

/**
 * What a segment asks, in English: "bought at least 2 times in the last 90 days and whose city is 'Paris'". Always the same text
 * for the same segment. It is for reading, and says no more than docs/segment-language.md.
 */
export const segmentText = (segment: Segment): string => `People ${treeText(segment, conditionText)}`;

const conditionText = (condition: SegmentCondition | SegmentReference): string => {
  if ('attribute' in condition) return `whose ${condition.attribute} ${askedText(condition)}`;
  if ('field' in condition) return `whose ${FIELDS[condition.field]} ${askedText(condition)}`;
  if ('consent' in condition) return consentText(condition.consent, condition);
  if ('list' in condition) return `on the list ${quoted(condition.list)}`;
  if ('segment' in condition) return `in the segment ${quoted(condition.segment)}`;
  if ('near' in condition) {
    const { latitude, longitude, withinKm, attributes } = condition.near;
    const place = `${attributes.latitude} and ${attributes.longitude}`;
    return `whose place (${place}) is within ${withinKm} km of ${latitude}, ${longitude}`;
  }
  return 'sequence' in condition ? sequenceText(condition) : eventText(condition);
};

const consentText = (consent: string, asked: { equals: boolean } | { exists: boolean }): string => {
  if ('equals' in asked) return `who said ${asked.equals ? 'yes' : 'no'} to ${quoted(consent)}`;
  return asked.exists ? `who said yes or no to ${quoted(consent)}` : `who never said yes or no to ${quoted(consent)}`;
};
