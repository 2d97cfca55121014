import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isTimeZone,
  mergeInputs,
  mergeProfile,
  type Profile,
  ProfileTooLarge,
  profileId,
  profileInput,
  profileRow,
} from '../../../core/audience/profile.ts';

const ada: Profile = {
  profileId: 'ada',
  version: 3,
  updatedMs: 1,
  email: 'ada@example.com',
  locale: 'fr',
  attributes: { city: 'Paris', age: 36 },
};

describe('profileId', () => {
  it.each(['a', 'x'.repeat(128), 'anonymous', 'Anonymous:1', 'not anonymous:1', 'é😀'])('takes %s', (id) => {
    expect(profileId.safeParse(id).success).toBe(true);
  });

  it.each(['', 'x'.repeat(129), 'a\u0000', '\ud800', 'anonymous:', 'anonymous:laptop'])('refuses %s', (id) => {
    expect(profileId.safeParse(id).success).toBe(false);
  });
});

describe('profileInput', () => {
  it.each([
    [{}],
    [{ email: null, phone: null, pushToken: null, timeZone: null, locale: null }],
    [
      {
        email: "o'brien@example.com",
        phone: '+33612345678',
        timeZone: 'America/Argentina/Buenos_Aires',
        locale: 'zh-Hant-TW',
      },
    ],
    [{ attributes: { a: 'x', b: 1, c: false, d: null, e: ['x', 1, true], constructor: 'ok' } }],
  ])('takes %j', (input) => expect(profileInput.safeParse(input).success).toBe(true));
  it.each<[unknown]>([
    [{ mail: 'ada@example.com' }],
    [{ email: 'ada' }],
    [{ phone: '0612345678' }],
    [{ phone: '+0612345678' }],
    [{ timeZone: 'Mars/Olympus' }],
    [{ timeZone: '+02:00' }],
    [{ pushToken: '' }],
    [{ pushToken: 'a\u0000' }],
    [{ locale: '' }],
    [{ attributes: { 'first name': 'x' } }],
    [{ attributes: { a: { b: 1 } } }],
    [{ attributes: { a: [[1]] } }],
    [{ attributes: { a: '\ud800' } }],
    [{ attributes: { a: Number.POSITIVE_INFINITY } }],
  ])('refuses %j', (input) => expect(profileInput.safeParse(input).success).toBe(false));
});

it('drops an attribute that would be a prototype', () => {
  expect(profileInput.parse(JSON.parse('{"attributes":{"__proto__":{"x":1},"a":1}}'))).toEqual({
    attributes: { a: 1 },
  });
});

describe('mergeProfile', () => {
  it('makes a profile', () => {
    expect(mergeProfile('bob', undefined, { email: 'bob@example.com' }, 9)).toEqual({
      profileId: 'bob',
      version: 1,
      updatedMs: 9,
      email: 'bob@example.com',
      attributes: {},
    });
  });
  it('even an empty one', () =>
    expect(mergeProfile('bob', undefined, {}, 9)).toMatchObject({ version: 1, attributes: {} }));
  it('keeps what is not named, and drops what is null', () => {
    expect(
      mergeProfile('ada', ada, { email: null, phone: '+33612345678', attributes: { city: null, vip: true } }, 9),
    ).toEqual({
      profileId: 'ada',
      version: 4,
      updatedMs: 9,
      phone: '+33612345678',
      locale: 'fr',
      attributes: { age: 36, vip: true },
    });
  });
  it.each([
    [{}],
    [{ email: 'ada@example.com' }],
    [{ phone: null }],
    [{ attributes: { age: 36 } }],
    [{ attributes: { none: null } }],
  ])('%j changes nothing', (input) => expect(mergeProfile('ada', ada, input, 9)).toBeUndefined());
  it('has a limit', () => {
    const attributes = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`a${n}`, 'x'.repeat(2_000)]));
    expect(() => mergeProfile('ada', ada, { attributes }, 9)).toThrow(ProfileTooLarge);
  });
  it('merging twice is merging once', () => {
    const input = fc.record(
      {
        locale: fc.option(fc.constantFrom('fr', 'en')),
        attributes: fc.dictionary(fc.constantFrom('city', 'x'), fc.option(fc.string())),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(input, input, (first, second) => {
        const once = mergeProfile('ada', ada, first, 9) ?? ada;
        expect(mergeProfile('ada', once, first, 10)).toBeUndefined();
        const both = mergeProfile('ada', once, second, 9) ?? once;
        const atOnce = mergeProfile('ada', ada, mergeInputs(first, second), 9) ?? ada;
        const content = ({ version: _, updatedMs: __, ...rest }: Profile) => rest;
        expect(content(atOnce)).toEqual(content(both));
      }),
    );
  });
});

it('a row of the lake has every column', () => {
  expect(profileRow(ada)).toEqual({
    profile_id: 'ada',
    version: 3,
    updated_ms: 1,
    email: 'ada@example.com',
    phone: '',
    push_token: '',
    wechat_open_id: '',
    time_zone: '',
    locale: 'fr',
    attributes: '{"city":"Paris","age":36}',
  });
});

it.each([
  ['Europe/Paris', true],
  ['UTC', true],
  ['Etc/GMT+5', true],
  ['', false],
  ['Nowhere', false],
  ['+01:00', false],
])('%s is a time zone: %s', (name, expected) => expect(isTimeZone(name)).toBe(expected));
