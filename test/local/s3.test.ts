import { describe, expect, it } from 'vitest';
import { s3 } from '../../local/s3.ts';
import { call, create, serviceContext, textOf } from './service-context.ts';

const { context, clock, billed } = serviceContext();
const service = s3(context);
const bucket = create(service, 'AWS::S3::Bucket', 'WorkBucket').ref;
const signed = { authorization: 'AWS4-HMAC-SHA256 Credential=…' };
const ask = (method: string, key: string, headers: Record<string, string> = {}, body: string | Buffer = '') =>
  call(service, { method, path: `/${bucket}/${key}`, headers: { ...signed, ...headers }, body });

describe('objects', () => {
  it('come back as they were written', async () => {
    await ask('PUT', 'a/b.txt', {}, 'hello');
    const found = await ask('GET', 'a/b.txt');
    expect(await textOf(found)).toBe('hello');
    expect(found).toMatchObject({ status: 200, headers: { 'content-length': '5' } });
    expect(await ask('HEAD', 'a/b.txt')).toMatchObject({ status: 200, headers: { 'content-length': '5' } });
    expect((await ask('HEAD', 'a/b.txt')).body).toBeUndefined();
    const etag = found.headers?.etag;
    expect((await ask('HEAD', 'a/b.txt')).headers?.etag).toBe(etag);
    await ask('PUT', 'a/b.txt', {}, 'hallo');
    expect((await ask('GET', 'a/b.txt')).headers?.etag).not.toBe(etag);
    await ask('PUT', 'a/empty');
    expect(await textOf(await ask('GET', 'a/empty'))).toBe('');
  });

  it.each([
    ['bytes=0-1', '01', 'bytes 0-1/10'],
    ['bytes=8-', '89', 'bytes 8-9/10'],
    ['bytes=5-999', '56789', 'bytes 5-9/10'],
  ])('range %s is %s', async (range, text, contentRange) => {
    context.services.s3.put(bucket, 'ten', '0123456789');
    const answer = await ask('GET', 'ten', { range });
    expect([answer.status, await textOf(answer), answer.headers?.['content-range']]).toEqual([206, text, contentRange]);
  });

  it('answer 416 to a range past the end', async () => {
    await expect(ask('GET', 'ten', { range: 'bytes=10-11' })).rejects.toMatchObject({
      code: 'InvalidRange',
      status: 416,
    });
  });

  it('that do not exist are not found', async () => {
    await expect(ask('GET', 'none')).rejects.toMatchObject({ code: 'NoSuchKey', status: 404 });
    await expect(ask('GET', 'a')).rejects.toMatchObject({ code: 'NoSuchKey', status: 404 });
    expect(context.services.s3.get(bucket, 'none')).toBeUndefined();
    expect(context.services.s3.keys(bucket, 'none/')).toEqual([]);
  });

  it.each(['Ünï/çødé and space', "quote'*?[x]", '.hidden/...', 'dt=2026-01-01/x.gz'])('key %s is itself', (key) => {
    context.services.s3.put(bucket, key, key);
    expect(context.services.s3.get(bucket, key)?.toString()).toBe(key);
    expect(context.services.s3.keys(bucket, key)).toEqual([key]);
  });

  it.each(['../../escape', 'a//b', './c', 'a/..', 'a/'])('key %s is refused', async (key) => {
    expect(() => context.services.s3.put(bucket, key, key)).toThrow('does not support the key');
  });

  it('are listed in order, by the beginning of their keys', () => {
    for (const key of ['list/b', 'list/a/2', 'list/a1', 'lisu']) context.services.s3.put(bucket, key, '1');
    expect(context.services.s3.keys(bucket, 'list/')).toEqual(['list/a/2', 'list/a1', 'list/b']);
    expect(context.services.s3.keys(bucket, 'list/a')).toEqual(['list/a/2', 'list/a1']);
  });

  it('keep the Hive partition in their path, for DuckDB', () => {
    expect(context.services.s3.file(bucket, 'events/dt=2026-01-01/x.gz')).toMatch(/\/events\/dt=2026-01-01\/x\.gz$/);
  });
});

describe('refusals', () => {
  it.each([
    ['GET', '/nobody/x', signed, 404, 'NoSuchBucket'],
    ['GET', `/${bucket}/ten`, {}, 403, 'AccessDenied'],
    ['PUT', `/${bucket}/ten?uploadId=1`, signed, 501, 'NotImplemented'],
    ['PUT', `/${bucket}/ten`, { ...signed, 'x-amz-copy-source': 'a' }, 501, 'NotImplemented'],
    ['PUT', `/${bucket}/ten`, { ...signed, 'if-none-match': '"etag"' }, 501, 'NotImplemented'],
    ['GET', `/${bucket}/ten`, { ...signed, 'if-none-match': '*' }, 501, 'NotImplemented'],
    ['POST', `/${bucket}/ten`, signed, 405, 'MethodNotAllowed'],
    ['GET', `/${bucket}?list-type=2`, signed, 501, 'NotImplemented'],
    ['GET', `/${bucket}`, signed, 501, 'NotImplemented'],
  ])('%s %s', async (method, path, headers, status, code) => {
    const answer = call(service, { method, path, headers: headers as Record<string, string> });
    await expect(answer).rejects.toMatchObject({ code, status });
  });
});

describe('presigned URLs', () => {
  const presigned = (seconds: number, signature = 'abc') =>
    `/${bucket}/presigned?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260301T120000Z&X-Amz-Expires=${seconds}&X-Amz-SignedHeaders=host${signature && `&X-Amz-Signature=${signature}`}`;

  it('work until they expire, on the clock', async () => {
    expect((await call(service, { method: 'PUT', path: presigned(60), body: 'up' })).status ?? 200).toBe(200);
    await clock.advance(60_000);
    expect(await textOf(await call(service, { method: 'GET', path: presigned(60) }))).toBe('up');
    await clock.advance(1);
    const late = call(service, { method: 'GET', path: presigned(60) });
    await expect(late).rejects.toMatchObject({ code: 'AccessDenied', status: 403, message: 'Request has expired' });
  });

  it('need a signature and an expiry of at most seven days', async () => {
    await expect(call(service, { method: 'GET', path: presigned(60, '') })).rejects.toMatchObject({ status: 403 });
    await expect(call(service, { method: 'GET', path: presigned(604_801) })).rejects.toMatchObject({ status: 400 });
  });
});

it('bills writes as PUT, reads as GET', () => {
  expect(billed()['s3-put']?.units).toBeGreaterThan(0);
  expect(billed()['s3-get']?.units).toBeGreaterThan(0);
});

describe('conditions, lists and deletions', () => {
  it('replaces an object only while it is the one that was read', async () => {
    await ask('PUT', 'cond', {}, 'one');
    const etag = String((await ask('GET', 'cond')).headers?.etag);
    await ask('PUT', 'cond', { 'if-match': etag }, 'two');
    await expect(ask('PUT', 'cond', { 'if-match': etag }, 'three')).rejects.toMatchObject({
      code: 'PreconditionFailed',
      status: 412,
    });
    expect(await textOf(await ask('GET', 'cond'))).toBe('two');
    await expect(ask('PUT', 'gone', { 'if-match': etag }, 'x')).rejects.toMatchObject({
      code: 'NoSuchKey',
      status: 404,
    });
  });

  it('creates an object only while there is none', async () => {
    await ask('PUT', 'fresh', { 'if-none-match': '*' }, 'one');
    await expect(ask('PUT', 'fresh', { 'if-none-match': '*' }, 'two')).rejects.toMatchObject({ status: 412 });
    expect(await textOf(await ask('GET', 'fresh'))).toBe('one');
  });

  it('deletes, also what is not there', async () => {
    await ask('PUT', 'del', {}, 'x');
    expect(await ask('DELETE', 'del')).toMatchObject({ status: 204 });
    expect(await ask('DELETE', 'del')).toMatchObject({ status: 204 });
    await expect(ask('GET', 'del')).rejects.toMatchObject({ code: 'NoSuchKey' });
  });

  it('lists the keys below a prefix, page by page', async () => {
    for (const name of ['b', 'a', 'c é']) context.services.s3.put(bucket, `page/${name}`, 'x');
    context.services.s3.put(bucket, 'pages', 'x');
    const page = async (more: object) => {
      const query = new URLSearchParams({
        'list-type': '2',
        'encoding-type': 'url',
        prefix: 'page/',
        'max-keys': '2',
        ...more,
      });
      const text = await textOf(await ask('GET', `?${query}`));
      const keys = [...text.matchAll(/<Key>([^<]*)</g)].map(([, key = '']) => decodeURIComponent(key));
      return { keys, next: /<NextContinuationToken>([^<]*)</.exec(text)?.[1] };
    };
    const first = await page({});
    expect(first.keys).toEqual(['page/a', 'page/b']);
    const second = await page({ 'continuation-token': decodeURIComponent(first.next ?? '') });
    expect(second).toEqual({ keys: ['page/c é'], next: undefined });
  });
});
