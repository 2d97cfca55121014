import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AwsAnswer, type AwsRequest, startAws } from './aws.ts';

/** A bucket that checks If-Match as S3 does; `between` happens after each read, before its answer. */
const objects = new Map<string, Buffer>();
let between = () => {};
/** Status of the next writes, in place of doing them. */
let refuse: number[] = [];
let writes = 0;
const etagOf = (body: Buffer) => `"${body.toString('base64url').slice(0, 60)}-${body.length}"`;
const answer = ({ method, path, headers, raw }: AwsRequest): AwsAnswer => {
  const stored = objects.get(path);
  if (method === 'GET') {
    const found = stored && { headers: { etag: etagOf(stored) }, body: stored };
    between();
    return found ?? { status: 404 };
  }
  writes += 1;
  const status = refuse.shift();
  if (status) return { status };
  if (!stored) return { status: 404 };
  if (headers['if-match'] !== etagOf(stored)) return { status: 412 };
  objects.set(path, raw);
  return {};
};

let stop: () => Promise<void>;
let rewrite: typeof import('../../../lambdas/adapters/rewrite-lines.ts')['rewriteLines'];
beforeAll(async () => {
  stop = await startAws({}, answer);
  rewrite = (await import('../../../lambdas/adapters/rewrite-lines.ts')).rewriteLines;
});
afterAll(() => stop());
beforeEach(() => {
  objects.clear();
  between = () => {};
  refuse = [];
  writes = 0;
});

const KEYS = ['a/lines.ndjson', 'a/lines.gz'];
const put = (key: string, text: string) =>
  objects.set(`/b/${key}`, key.endsWith('.gz') ? gzipSync(text) : Buffer.from(text));
const get = (key: string) => {
  const body = objects.get(`/b/${key}`) ?? Buffer.alloc(0);
  return (key.endsWith('.gz') ? gunzipSync(body) : body).toString();
};
/** Lines with an x go, those with a y become a z. */
const change = (line: string) => (line.includes('x') ? undefined : line.replace('y', 'z'));

test.each(KEYS)('%s is written with every line as it is to be', async (key) => {
  put(key, '1\nx\ny\n2\n');
  expect(await rewrite('b', key, change)).toBe(true);
  expect(get(key)).toBe('1\nz\n2\n');
});

test.each(KEYS)('%s in which nothing changes is not written', async (key) => {
  put(key, '1\n2\n');
  expect(await rewrite('b', key, change)).toBe(false);
  expect(writes).toBe(0);
});

test.each(KEYS)('%s may lose all of its lines', async (key) => {
  put(key, 'x\nx\n');
  expect(await rewrite('b', key, change)).toBe(true);
  expect(get(key)).toBe('');
});

test.each(KEYS)('%s that somebody else writes meanwhile is read again, and loses nothing of theirs', async (key) => {
  put(key, '1\nx\n');
  let times = 0;
  between = () => {
    times += 1;
    if (times <= 2) put(key, `1\nx\nnew ${times}\n`);
  };
  expect(await rewrite('b', key, change)).toBe(true);
  expect(get(key)).toBe('1\nnew 2\n');
  expect([times, writes]).toEqual([3, 3]);
});

test('one that somebody else has rid of the lines meanwhile is not written again', async () => {
  put('a/lines.gz', '1\nx\n');
  let times = 0;
  between = () => {
    times += 1;
    if (times === 1) put('a/lines.gz', '1\n');
  };
  expect(await rewrite('b', 'a/lines.gz', change)).toBe(false);
  expect(get('a/lines.gz')).toBe('1\n');
});

test.each([409, 412])('a write that is answered %i is done again', async (status) => {
  put('a/lines.gz', '1\nx\n');
  refuse = [status, status];
  expect(await rewrite('b', 'a/lines.gz', change)).toBe(true);
  expect(get('a/lines.gz')).toBe('1\n');
});

test('one that is written all the time is left to the next pass', async () => {
  put('a/lines.gz', 'x\n');
  refuse = Array.from({ length: 9 }, () => 412);
  await expect(rewrite('b', 'a/lines.gz', change)).rejects.toThrow('a/lines.gz is being written all the time');
  expect(writes).toBe(5);
});

test('one that is not there, or is deleted meanwhile, is no error', async () => {
  expect(await rewrite('b', 'a/none.gz', change)).toBe(false);
  put('a/lines.gz', 'x\n');
  between = () => objects.delete('/b/a/lines.gz');
  expect(await rewrite('b', 'a/lines.gz', change)).toBe(false);
});

test('any other refusal is an error', async () => {
  put('a/lines.gz', 'x\n');
  refuse = [400];
  await expect(rewrite('b', 'a/lines.gz', change)).rejects.toThrow(/S3 PUT b\/a\/lines.gz: 400/);
});
