import { describe, expect, it } from 'vitest';
import { realClock } from '../../local/clock.ts';
import { openFrontDoor } from '../../local/front-door.ts';
import { s3 } from '../../local/s3.ts';
import type { Context, Service } from '../../local/types.ts';
import { uploadFile } from '../../scripts/client.ts';
import { create, serviceContext } from './service-context.ts';

process.env.AWS_ACCESS_KEY_ID = 'local';
process.env.AWS_SECRET_ACCESS_KEY = 'local';
const { signPolicy } = await import('../../lambdas/adapters/upload-policy.ts');

const { context } = serviceContext(Date.now());
const service = s3(context as Context);
const bucket = create(service, 'AWS::S3::Bucket', 'WorkBucket').ref;
const web: Service = { signingName: '', resources: {}, handle: async () => ({ status: 404 }) };
const door = await openFrontDoor(realClock(), new Map([['s3', service]]), web, Promise.resolve(), 0);
const nowMs = context.clock.now();
const url = `${door.url}/${bucket}`;
const RANGE = ['content-length-range', 2, 400_000];
const sign = (
  fields: Record<string, string> = { key: 'in/a.csv' },
  conditions: unknown[] = [{ bucket }, RANGE],
  lifeMs = 60_000,
) => signPolicy(fields, conditions, nowMs, nowMs + lifeMs);
const stored = (key: string) => context.services.s3.get(bucket, key)?.toString();

describe('an upload by form', () => {
  it('arrives byte by byte, whatever is in it', async () => {
    const file = `\r\n--x\r\n${'a\r\n-'.repeat(50_000)}\r\n--`;
    await uploadFile({ url, fields: sign() }, file);
    expect(stored('in/a.csv')).toBe(file);
    await uploadFile({ url: `${url}/`, fields: sign({ key: 'in/b.csv' }) }, new Uint8Array([0, 255, 13, 10]));
    expect([...(context.services.s3.get(bucket, 'in/b.csv') ?? [])]).toEqual([0, 255, 13, 10]);
  });

  it.each<[string, () => { fields: Record<string, string>; file?: string; to?: string }, RegExp]>([
    ['without a signature', () => ({ fields: { key: 'x' } }), /403.*AccessDenied/s],
    [
      'with another signature',
      () => ({ fields: { ...sign(), 'x-amz-signature': 'ab'.repeat(32) } }),
      /403.*SignatureDoesNotMatch/s,
    ],
    [
      'with another policy',
      () => ({ fields: { ...sign(), policy: sign({ key: 'y' }).policy ?? '' } }),
      /SignatureDoesNotMatch/,
    ],
    ['to another key', () => ({ fields: { ...sign(), key: 'in/other.csv' } }), /403.*Policy Condition failed/s],
    ['with another field', () => ({ fields: { acl: 'public-read', ...sign() } }), /403.*Extra input fields: acl/s],
    [
      'for another bucket',
      () => ({ fields: sign({ key: 'a' }, [{ bucket: 'other' }, RANGE]) }),
      /Policy Condition failed/,
    ],
    ['too late', () => ({ fields: sign({ key: 'a' }, [{ bucket }], -1) }), /403.*Policy expired/s],
    ['too large', () => ({ fields: sign(), file: 'x'.repeat(400_001) }), /400.*EntityTooLarge/s],
    ['too small', () => ({ fields: sign(), file: 'x' }), /400.*EntityTooSmall/s],
    ['to no bucket', () => ({ fields: sign(), to: `${door.url}/nobody` }), /404.*NoSuchBucket/s],
  ])('%s is refused', async (_, make, message) => {
    const before = context.services.s3.keys(bucket, '');
    const { fields, file = 'id,mail\n', to = url } = make();
    await expect(uploadFile({ url: to, fields }, file)).rejects.toThrow(message);
    expect(context.services.s3.keys(bucket, '')).toEqual(before);
  });

  it('needs a file', async () => {
    const form = new FormData();
    for (const [name, value] of Object.entries(sign())) form.append(name, value);
    const response = await fetch(url, { method: 'POST', body: form });
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringMatching(/InvalidArgument|MalformedPOST/),
    ]);
  });

  it('may have a key that only begins so', async () => {
    const conditions = [{ bucket }, ['starts-with', '$key', 'in/'], RANGE];
    const { key: _key, ...signed } = sign({}, conditions) as Record<string, string>;
    await uploadFile({ url, fields: { ...signed, key: 'in/any' } }, 'ok');
    expect(stored('in/any')).toBe('ok');
    await expect(uploadFile({ url, fields: { ...signed, key: 'out' } }, 'ok')).rejects.toThrow(/Condition failed/);
  });
});
