import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHANNELS } from '../../../../core/delivery/channel.ts';
import { allows, type Consents } from '../../../../core/delivery/consent.ts';
import { DEFAULT_LINK_SETTINGS, linkSettings, trackingOf } from '../../../../core/delivery/links/link-settings.ts';
import { pageLocale } from '../../../../core/delivery/links/page-locale.ts';
import {
  asShown,
  choicesOf,
  chosen,
  nothingAnyMore,
  type Person,
  unsubscribed,
} from '../../../../core/delivery/links/preference-choices.ts';
import { addressTag, type Suppression } from '../../../../core/delivery/suppression.ts';

const settings = {
  ...DEFAULT_LINK_SETTINGS,
  topics: [
    { topic: 'offers', names: {} },
    { topic: 'tips', names: {} },
  ],
};
const from = { channel: 'email', topic: 'news' } as const;
const person = (consents: Consents, more: Partial<Person> = {}): Person => ({
  contact: { consents, suppressed: {} },
  addresses: { profileId: 'ada', email: 'ada@example.com' },
  from,
  nowMs: 1_000,
  ...more,
});
const shownOf = (one: Person) =>
  choicesOf(one, settings).map(
    ({ channel, topics }) => `${channel}: ${topics.map(({ topic, given }) => topic + (given ? '+' : '-'))}`,
  );

describe('what is shown', () => {
  test.each([
    ['an address', person({}), ['email: offers-,tips-,news-']],
    ['a yes to the channel', person({ email: true }), ['email: offers+,tips+,news+']],
    ['a yes, but not to a topic', person({ email: true, 'email/tips': false }), ['email: offers+,tips-,news+']],
    ['no, but a topic', person({ email: false, 'email/tips': true }), ['email: offers-,tips+,news-']],
    ['a topic that nobody offers', person({ 'email/cats': true }), ['email: offers-,tips-,news-,cats+']],
    [
      'a phone',
      person({}, { addresses: { phone: '+1' } }),
      ['sms: offers-,tips-,news-', 'email: offers-,tips-,news-', 'whatsapp: offers-,tips-,news-'],
    ],
    ['no profile', person({}, { addresses: undefined }), ['email: offers-,tips-,news-']],
    [
      'something said of a channel',
      person({ push: true }),
      ['push: offers+,tips+,news+', 'email: offers-,tips-,news-'],
    ],
  ])('of somebody with %s', (_, one, expected) => {
    expect(shownOf(one)).toEqual(expected);
  });

  const now = addressTag('ada@example.com');
  test.each<[string, Suppression, boolean]>([
    ['whatever the address', { reason: 'complaint', atMs: 1 }, true],
    ['this address', { reason: 'hard-bounce', atMs: 1, address: now }, true],
    ['an address that they no longer have', { reason: 'hard-bounce', atMs: 1, address: addressTag('old@a.b') }, false],
    ['for some days more', { reason: 'soft-bounces', atMs: 1, address: now, untilMs: 1_001 }, true],
    ['until before now', { reason: 'soft-bounces', atMs: 1, address: now, untilMs: 1_000 }, false],
  ])('a channel on which nothing arrives is named: %s', (_, email, expected) => {
    const contact = { consents: {}, suppressed: { email } };
    expect(choicesOf(person({}, { contact }), settings)[0]?.unreachable).toBe(expected);
  });
});

const keys = CHANNELS.flatMap((channel) => [channel, `${channel}/offers`, `${channel}/tips`]);
const consents = fc.dictionary(fc.constantFrom(...keys), fc.boolean());

describe('what is said', () => {
  test('whatever is ticked holds afterwards, and nothing else has changed', () => {
    fc.assert(
      fc.property(consents, fc.subarray(keys), fc.subarray(keys), (before, shown, ticked) => {
        const choices = choicesOf(person(before), settings);
        const boxes = choices.flatMap(({ topics }) => topics).filter(({ key }) => shown.includes(key));
        const said = chosen(choices, new Set(boxes.map(asShown)), new Set(ticked));
        const after = { ...before, ...said };
        for (const { channel, topics } of choices) {
          for (const { key, topic, given } of topics) {
            const now = allows(after, channel, topic, 'promotional');
            expect([key, now]).toEqual([key, shown.includes(key) ? ticked.includes(key) : given]);
          }
        }
        // Sent again, the same form says the same again.
        expect(chosen(choicesOf(person(after), settings), new Set(boxes.map(asShown)), new Set(ticked))).toEqual(said);
      }),
    );
  });

  test('a page that is older than what was said since takes none of it back', () => {
    fc.assert(
      fc.property(consents, consents, fc.subarray(keys), (before, since, ticked) => {
        const page = choicesOf(person(before), settings).flatMap(({ topics }) => topics);
        const now = { ...before, ...since };
        const said = chosen(choicesOf(person(now), settings), new Set(page.map(asShown)), new Set(ticked));
        const untouched = page.filter(({ key, given }) => ticked.includes(key) === given);
        expect(untouched.filter(({ key }) => key in said)).toEqual([]);
      }),
    );
  });

  test('whoever wants nothing any more gets nothing any more', () => {
    fc.assert(
      fc.property(consents, (before) => {
        const after = { ...before, ...nothingAnyMore(before) };
        for (const channel of CHANNELS)
          for (const topic of ['offers', 'tips', 'else'])
            expect(allows(after, channel, topic, 'promotional')).toBe(false);
        expect({ ...after, ...nothingAnyMore(after) }).toEqual(after);
      }),
    );
  });

  test.each([
    [{}, { 'email/news': false }],
    [{ email: true, 'email/news': true }, { 'email/news': false }],
    [{ 'email/news': false }, {}],
  ])('one click of somebody who said %j', (before: Consents, said) => {
    expect(unsubscribed(before, from)).toEqual(said);
  });
});

test.each([
  ['de-AT', 'fr', 'de'],
  ['zh_Hans_CN', undefined, 'zh'],
  ['ja', 'fr;q=0.8, de;q=0.9', 'de'],
  [undefined, 'ja, zh-TW;q=0.5, en;q=0.1', 'zh'],
  [undefined, 'de;q=0, fr;q=0.1', 'fr'],
  [undefined, '*', 'en'],
  [undefined, ';;;q=9,,', 'en'],
  [undefined, undefined, 'en'],
  [undefined, `${'x,'.repeat(100_000)}de`, 'en'],
])('the page for %s with Accept-Language %s is in %s', (own, accepted, expected) => {
  expect(pageLocale(own, accepted)).toBe(expected);
});

test.each([
  [{}, undefined, undefined, { clicks: true, opens: true }],
  [{ opens: false }, undefined, undefined, { clicks: true, opens: false }],
  [{ opens: false }, { opens: true, clicks: false }, undefined, { clicks: false, opens: false }],
  [{ notForSources: ['clinic'] }, undefined, 'clinic', { clicks: false, opens: false }],
  [{ notForSources: ['clinic'] }, { clicks: true }, 'shop', { clicks: true, opens: true }],
])('settings %j, plan %j, source %s: %j', (own, plan, source, expected) => {
  const inForce = { ...settings, tracking: { ...settings.tracking, ...own } };
  expect(trackingOf(inForce, plan, source)).toEqual(expected);
});

test('a topic may be offered once', () => {
  const twice = { ...settings, topics: [...settings.topics, ...settings.topics] };
  expect(linkSettings.safeParse(settings).success).toBe(true);
  expect(linkSettings.safeParse(twice).success).toBe(false);
});
