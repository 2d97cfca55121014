import { describe, expect, test } from 'vitest';
import {
  type Device,
  deviceIdOf,
  devicesIn,
  MAX_DEVICES,
  platformOf,
  withDevice,
  withOwnToken,
  withoutDevices,
  withTokenChanged,
} from '../../../core/audience/device.ts';
import { mergeProfile } from '../../../core/audience/profile.ts';

const fcm = (token: string): Device => ({ platform: 'fcm', token });

test.each<[string | undefined, Device, string | undefined, string]>([
  [undefined, fcm('a'), undefined, 'fcm a'],
  ['fcm a', fcm('b'), undefined, 'fcm b\nfcm a'],
  ['fcm a', fcm('a'), undefined, 'fcm a'],
  ['fcm b\nfcm a', fcm('a'), undefined, 'fcm b\nfcm a'],
  ['fcm a', { platform: 'adm', token: 'a' }, undefined, 'adm a'],
  ['fcm b\nfcm a', fcm('c'), 'a', 'fcm c\nfcm b'],
  ['fcm a', fcm('a'), 'a', 'fcm a'],
  ['fcm b', fcm('c'), 'unknown', 'fcm c\nfcm b'],
  // What the profile named itself stays, unless it is this very token.
  ['own', fcm('a'), undefined, 'fcm a\nown'],
  ['own', fcm('own'), undefined, 'fcm own'],
  ['fcm a\nown', fcm('b'), 'own', 'fcm b\nfcm a'],
])('%j with %j in the place of %j', (before, device, replaces, after) => {
  expect(withDevice(before, device, replaces)).toBe(after);
  expect(withDevice(after, device, replaces)).toBe(after);
});

test('with one too many, the one that was registered first goes', () => {
  let text: string | undefined = 'own';
  for (let n = 0; n <= MAX_DEVICES; n += 1) text = withDevice(text, fcm(`t${n}`));
  const tokens = devicesIn(text).map(({ token }) => token);
  expect(tokens).toHaveLength(MAX_DEVICES + 1);
  expect([tokens[0], tokens.at(-2), tokens.at(-1)]).toEqual([`t${MAX_DEVICES}`, 't1', 'own']);
});

test.each([
  ['fcm a\nfcm b', 'a', 'fcm b'],
  ['fcm a', 'a', ''],
  ['fcm a\nown', 'own', 'fcm a'],
  ['fcm a', 'x', 'fcm a'],
  [undefined, 'a', ''],
])('%j without %j', (before, token, after) => expect(withoutDevices(before, (one) => one === token)).toBe(after));

test.each([
  ['fcm a\nfcm b', 'a', 'c', 'fcm c\nfcm b'],
  ['fcm a\nfcm b', 'a', 'b', 'fcm b'],
  ['own', 'own', 'new', 'new'],
  ['fcm a', 'x', 'y', 'fcm a'],
  ['fcm b', 'a', 'b', 'fcm b'],
])('%j, where %j has become %j', (before, from, to, after) => expect(withTokenChanged(before, from, to)).toBe(after));

test.each([
  [undefined, 'x', 'x'],
  ['x', 'y', 'y'],
  ['fcm a', 'x', 'fcm a\nx'],
  ['fcm a\nx', 'y', 'fcm a\ny'],
  ['fcm a\nx', 'a', 'fcm a\nx'],
])('%j, where a profile names %j', (before, token, after) => expect(withOwnToken(before, token)).toBe(after));

test.each([
  ['a1'.repeat(32), 'apns'],
  ['A1'.repeat(40), 'apns'],
  ['a1'.repeat(31), 'fcm'],
  ['dGVzdA:APA91b', 'fcm'],
])('%s is of %s', (token, platform) => expect(platformOf({ token })).toBe(platform));

test('a token with a blank, from before there were devices, is one token', () => {
  expect(devicesIn('old token')).toEqual([{ token: 'old token' }]);
});

test('an id is of the token alone, and does not tell it', () => {
  expect(deviceIdOf('a')).toBe(deviceIdOf('a'));
  expect(deviceIdOf('a')).toMatch(/^[\w-]{22}$/);
});

describe('a profile', () => {
  const merge = (pushToken: string | undefined, input: Parameters<typeof mergeProfile>[2]) => {
    const current = { profileId: 'p', version: 1, updatedMs: 1, attributes: {}, ...(pushToken && { pushToken }) };
    const merged = mergeProfile('p', current, input, 2);
    return merged ? (merged.pushToken ?? 'none') : 'unchanged';
  };
  test.each([
    ['fcm a', { pushToken: 'x' }, 'fcm a\nx'],
    ['fcm a', { pushToken: 'a' }, 'unchanged'],
    ['fcm a\nx', { pushToken: null }, 'none'],
    ['fcm a\nx', { email: 'a@b.co' }, 'fcm a\nx'],
    ['fcm a', { devices: '' }, 'none'],
    ['fcm a\nx', { devices: 'x' }, 'x'],
    [undefined, { devices: '' }, 'unchanged'],
  ])('%j with %j', (before, input, after) => expect(merge(before, input)).toBe(after));
});
