import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  anonymousProfileId,
  hasAnonymousId,
  identityRow,
  isAnonymous,
  isLogin,
  isPlaceholder,
} from '../../../core/event/identity.ts';

test.each([
  ['a profile', { profileId: 'ada' }, false, false],
  ['a login: both ids', { profileId: 'ada', anonymousId: 'laptop' }, true, true],
  ['somebody who is not known', { profileId: 'anonymous:laptop', anonymousId: 'laptop' }, true, false],
  ['a profile named anonymous', { profileId: 'anonymous', anonymousId: 'laptop' }, true, true],
])('%s', (_, person, named, login) => {
  expect([hasAnonymousId(person), isLogin(person)]).toEqual([named, login]);
});

test('an anonymous person is no profile, and two anonymous ids are two people', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(isAnonymous(anonymousProfileId(one))).toBe(true);
      expect(anonymousProfileId(one) === anonymousProfileId(other)).toBe(one === other);
    }),
  );
});

test.each([
  ['undefined', true],
  ['Null', true],
  ['NONE', true],
  ['NaN', true],
  [' unknown ', true],
  ['anonymous', true],
  ['guest', true],
  ['0', true],
  [' ', true],
  ['[object Object]', true],
  ['00000000-0000-0000-0000-000000000000', true],
  ['00000000-0000-0000-0000-000000000001', false],
  ['guest-7', false],
  ['1', false],
  ['00', false],
  ['nullius', false],
])('%j is what an app sends that has no id: %s', (id, expected) => expect(isPlaceholder(id)).toBe(expected));

test('a link as the lake keeps it', () => {
  expect(identityRow({ alias: 'laptop', profileId: 'ada', atMs: 7 })).toEqual({
    alias: 'laptop',
    profile_id: 'ada',
    at_ms: 7,
  });
});
