import { describe, expect, test } from 'vitest';
import {
  bodyOf,
  ROTATION_MS,
  rotated,
  secretsAt,
  urlProblem,
  webhookEndpointInput,
} from '../../../core/delivery/webhook.ts';
import { MAX_ATTEMPTS, PAUSES, retryAfterOf, verdictOn } from '../../../core/delivery/webhook-attempt.ts';
import { signedHeaders } from '../../../core/delivery/webhook-signature.ts';

const NOW = Date.UTC(2026, 10, 18, 12);

describe('a signature', () => {
  // Computed apart from this code, with Python's hmac, base64 and hashlib.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const signed = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' };

  test('is that of Standard Webhooks', () => {
    expect(signedHeaders(signed, [secret], 1_614_265_330_999)).toEqual({
      'webhook-id': signed.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('is made with each secret, the newest first', () => {
    const other = `whsec_${Buffer.from('x'.repeat(32)).toString('base64')}`;
    const both = signedHeaders(signed, [other, secret], NOW)['webhook-signature'].split(' ');
    expect(both).toEqual([other, secret].map((one) => signedHeaders(signed, [one], NOW)['webhook-signature']));
  });
});

describe('secrets', () => {
  test('a rotation leaves the one before valid for a day', () => {
    const secrets = rotated({ current: 'a' }, 'b', NOW);
    expect(secretsAt(secrets, NOW)).toEqual(['b', 'a']);
    expect(secretsAt(secrets, NOW + ROTATION_MS - 1)).toEqual(['b', 'a']);
    expect(secretsAt(secrets, NOW + ROTATION_MS)).toEqual(['b']);
  });

  test('a second rotation within the day ends the oldest at once', () => {
    expect(secretsAt(rotated(rotated({ current: 'a' }, 'b', NOW), 'c', NOW + 1), NOW + 2)).toEqual(['c', 'b']);
  });

  test('one that was never rotated stands alone', () => {
    expect(secretsAt({ current: 'a' }, NOW)).toEqual(['a']);
  });
});

describe('what an answer means', () => {
  const gone = { kind: 'gone' };
  const delivered = { kind: 'delivered' };
  test.each([
    [{ status: 200 }, delivered],
    [{ status: 204 }, delivered],
    [{ status: 299 }, delivered],
    [{ status: 410 }, gone],
    [{ status: 301 }, { kind: 'retry', afterSeconds: 30 }],
    [{ status: 400 }, { kind: 'retry', afterSeconds: 30 }],
    [{ status: 500 }, { kind: 'retry', afterSeconds: 30 }],
    [{ error: 'ECONNREFUSED' }, { kind: 'retry', afterSeconds: 30 }],
    [
      { status: 429, retryAfterSeconds: 90 },
      { kind: 'retry', afterSeconds: 90 },
    ],
    [
      { status: 503, retryAfterSeconds: 1 },
      { kind: 'retry', afterSeconds: 30 },
    ],
    // SQS hides a message for twelve hours at most.
    [
      { status: 503, retryAfterSeconds: 999_999 },
      { kind: 'retry', afterSeconds: 11 * 3_600 },
    ],
  ])('%j at the first attempt: %j', (answer, verdict) => {
    expect(verdictOn(answer, 1, 0)).toEqual(verdict);
  });

  test('the pauses grow to hours, spread by a tenth, and after the last attempt it is given up', () => {
    const afterAttempt = Array.from({ length: MAX_ATTEMPTS }, (_, n) => verdictOn({ status: 500 }, n + 1, 0));
    expect(afterAttempt).toEqual([
      ...PAUSES.map((afterSeconds) => ({ kind: 'retry', afterSeconds })),
      { kind: 'failed' },
    ]);
    const hours = PAUSES.reduce((sum, seconds) => sum + seconds, 0) / 3_600;
    expect(hours).toBeCloseTo(17.6, 1);
    expect(verdictOn({ status: 500 }, 6, 1)).toEqual({ kind: 'retry', afterSeconds: 39_600 });
    expect(verdictOn({ status: 500 }, 99, 0)).toEqual({ kind: 'failed' });
  });

  test.each([
    ['120', 120],
    ['Wed, 18 Nov 2026 12:02:00 GMT', 120],
    ['Wed, 18 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('Retry-After %s is %s seconds', (header, seconds) => {
    expect(retryAfterOf(header, NOW)).toBe(seconds);
  });
});

describe('an address', () => {
  test.each<[string, string | undefined, string | undefined]>([
    ['https://example.com/hook', undefined, undefined],
    ['https://example.com:8443/hook?a=b', undefined, undefined],
    ['http://example.com/hook', 'Only https', 'Only https'],
    ['ftp://example.com/hook', 'Only https', 'Only https'],
    ['https://user:pass@example.com/', 'An address holds', 'An address holds'],
    ['http://127.0.0.1:8080/', 'Only https', undefined],
    ['http://localhost/', 'Only https', undefined],
    ['http://[::1]/', 'Only https', undefined],
    // Names that only begin like this machine's.
    ['http://127.0.0.1.example.com/', 'Only https', 'Only https'],
    ['http://localhost.example.com/', 'Only https', 'Only https'],
  ])('%s', (url, refused, refusedLocally) => {
    const begins = (found: string | undefined, wanted: string | undefined) =>
      wanted === undefined ? expect(found).toBeUndefined() : expect(found).toMatch(new RegExp(`^${wanted}`));
    begins(urlProblem(url, false), refused);
    begins(urlProblem(url, true), refusedLocally);
  });

  test('of an endpoint is a URL', () => {
    expect(webhookEndpointInput.safeParse({ name: 'a', url: 'nowhere' }).success).toBe(false);
    expect(webhookEndpointInput.parse({ name: 'a', url: 'https://a.example' })).toMatchObject({ enabled: true });
  });
});

test('what is sent says what, when, and about what', () => {
  const message = { endpointId: 'e', id: '01', type: 'lead.stage_changed', atMs: NOW, data: { stage: 'hot' } };
  expect(JSON.parse(bodyOf(message))).toEqual({
    type: 'lead.stage_changed',
    timestamp: '2026-11-18T12:00:00.000Z',
    data: { stage: 'hot' },
  });
});
