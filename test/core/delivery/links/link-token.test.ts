import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHANNELS } from '../../../../core/delivery/channel.ts';
import { readLinkKeys } from '../../../../core/delivery/links/link-keys.ts';
import { type LinkClaim, openLink, sealLink } from '../../../../core/delivery/links/link-token.ts';

const keys = readLinkKeys(JSON.stringify({ current: 'a', a: 'k'.repeat(32) }));
const others = readLinkKeys(JSON.stringify({ current: 'a', a: 'x'.repeat(32) }));

const text = fc.string({ unit: 'binary', maxLength: 60 }).map((one) => one.replaceAll('\0', '').toWellFormed());
const ref = fc.oneof(
  fc.constant(''),
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => `1${Buffer.from(bytes).toString('base64url')}`),
);
const sentSeconds = fc.nat(4_000_000_000);
const claim: fc.Arbitrary<LinkClaim> = fc.oneof(
  fc.record({ kind: fc.constant('click' as const), ref, sentSeconds, target: text }),
  fc.record({ kind: fc.constant('open' as const), ref, sentSeconds }),
  fc.record({
    kind: fc.constant('person' as const),
    ref,
    profileId: text,
    channel: fc.constantFrom(...CHANNELS),
    topic: text,
  }),
);

const person: LinkClaim = {
  kind: 'person',
  ref: '1YWJj',
  profileId: 'ada@example.com',
  channel: 'email',
  topic: 'news',
};
const token = sealLink(keys, person);

describe('a token', () => {
  test('says what was sealed, and is the same each time', () => {
    fc.assert(
      fc.property(claim, (one) => {
        const sealed = sealLink(keys, one);
        expect(openLink(keys, sealed)).toEqual(one);
        expect(sealLink(keys, one)).toBe(sealed);
        expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
  });

  test('tells nobody whose it is', () => {
    const bytes = Buffer.from(token.slice(1), 'base64url').toString('latin1');
    for (const secret of ['ada', 'example', 'email', 'news']) expect(bytes).not.toContain(secret);
  });

  test('is short: what it says, and 13 characters for 12 bytes and the key', () => {
    expect(token.length).toBe(1 + Math.ceil(((12 + 2 + 'ada@example.com'.length + 1 + 5 + 1 + 4 + 1 + 4) * 4) / 3));
  });

  test.each([
    [
      'with any one character changed',
      () => {
        for (let n = 0; n < token.length; n += 1) {
          for (const letter of ['A', 'B', '_', '7', 'a']) {
            if (token[n] === letter) continue;
            const forged = openLink(keys, token.slice(0, n) + letter + token.slice(n + 1));
            expect(forged === undefined || forged === 'unknown-key').toBe(true);
          }
        }
      },
    ],
    [
      'cut off anywhere',
      () => {
        for (let n = 0; n < token.length; n += 1) expect(openLink(keys, token.slice(0, n))).toBeUndefined();
      },
    ],
    [
      'with something after it',
      () => {
        for (const tail of ['A', '=', '%3D', '.', '/', ' ', token])
          expect(openLink(keys, token + tail)).toBeUndefined();
      },
    ],
    [
      'with other characters of the same bytes',
      () => {
        // 4 characters are 3 bytes; the last one of a rest has bits that mean nothing.
        const odd = sealLink(keys, { kind: 'open', ref: '', sentSeconds: 1 });
        const forms = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter(
          (letter) => openLink(keys, odd.slice(0, -1) + letter) !== undefined,
        );
        expect(forms).toEqual([odd.at(-1)]);
      },
    ],
    ['of another deployment', () => expect(openLink(others, token)).toBeUndefined()],
    [
      'that was made up',
      () => {
        fc.assert(
          fc.property(fc.string(), (made) => {
            expect(openLink(keys, made)).not.toBeTypeOf('object');
          }),
        );
        fc.assert(
          fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
            expect(openLink(keys, `a${Buffer.from(bytes).toString('base64url')}`)).toBeUndefined();
          }),
        );
      },
    ],
    ['that is endless', () => expect(openLink(keys, `a${'A'.repeat(100_000)}`)).toBeUndefined()],
  ])('%s is refused', (_, check) => check());

  test('with a separator inside is never made, nor one with a ref that is none', () => {
    expect(() => sealLink(keys, { ...person, profileId: 'a\0b' } as LinkClaim)).toThrow('NUL');
    expect(() => sealLink(keys, { ...person, ref: '1äöü' } as LinkClaim)).toThrow('no ref');
  });
});

describe('keys', () => {
  test('a new one seals, an old one still opens, and one that is gone is unknown', () => {
    const both = readLinkKeys(JSON.stringify({ current: 'b', a: 'k'.repeat(32), b: 'n'.repeat(32) }));
    const renewed = sealLink(both, person);
    expect(renewed.charAt(0)).toBe('b');
    expect(openLink(both, renewed)).toEqual(person);
    expect(openLink(both, token)).toEqual(person);
    expect(openLink(keys, renewed)).toBe('unknown-key');
  });

  test.each([
    ['not JSON', 'abc'],
    ['no key', '{"current":"a"}'],
    ['a short key', '{"current":"a","a":"short"}'],
    ['a current key that is not there', `{"current":"b","a":"${'k'.repeat(32)}"}`],
    ['a long id', `{"current":"ab","ab":"${'k'.repeat(32)}"}`],
  ])('a secret with %s is refused', (_, secret) => {
    expect(() => readLinkKeys(secret)).toThrow();
  });
});
