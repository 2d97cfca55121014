import { expect, test, vi } from 'vitest';
import { FRESH_MS, REMEMBERED_MS, STALE_MS } from '../../../core/audience/erasure.ts';
import { erasedIdKey, erasedLately } from '../../../lambdas/adapters/erased-lately.ts';
import type { Reads } from '../../../lambdas/adapters/erased-people.ts';
import { hasher } from '../../../lambdas/adapters/person-hash.ts';

const NOW = 1_800_000_000_000;
const KEY = 'a-key';
const { hash } = hasher(async () => KEY);

/** A worker whose erasures table holds these ids since these times. */
const world = () => {
  const table: { atMs: number; id: string }[] = [];
  const clock = { nowMs: NOW };
  const key = vi.fn(async () => KEY);
  const query = vi.fn<Reads['query']>(async ({ ExpressionAttributeValues }) => {
    const from = ExpressionAttributeValues?.[':from']?.S ?? '';
    const keys = await Promise.all(table.map(async ({ atMs, id }) => erasedIdKey(atMs, await hash(id))));
    const Items = keys.filter((one) => one >= from).map((S) => ({ id: { S } }));
    return { Items, $metadata: {} };
  });
  return { table, clock, key, query, erased: erasedLately({ query, key }, 'erasures', () => clock.nowMs) };
};

test('while nobody is erased, a worker looks twice a minute, reads no key and computes no hash', async () => {
  const { clock, key, query, erased } = world();
  for (let n = 0; n < 100; n += 1) {
    expect((await erased())('ada')).toBe(false);
    clock.nowMs += 1_000;
  }
  expect(query).toHaveBeenCalledTimes(4);
  expect(key).not.toHaveBeenCalled();
});

test('an erasure is known within half a minute, by its keyed hash alone, and for 30 days', async () => {
  const { table, clock, key, erased } = world();
  await erased();
  table.push({ atMs: NOW, id: 'ada' });
  clock.nowMs += FRESH_MS;
  const isErased = await erased();
  expect([isErased('ada'), isErased('bob'), isErased('')]).toEqual([true, false, false]);
  clock.nowMs = NOW + REMEMBERED_MS - FRESH_MS;
  expect((await erased())('ada')).toBe(true);
  clock.nowMs = NOW + REMEMBERED_MS + 1;
  expect((await erased())('ada')).toBe(false);
  expect(key).toHaveBeenCalledTimes(1);
});

test('one that another machine wrote with a clock that is behind is seen all the same', async () => {
  const { table, clock, erased } = world();
  await erased();
  clock.nowMs += FRESH_MS;
  table.push({ atMs: clock.nowMs - 300_000, id: 'ada' });
  expect((await erased())('ada')).toBe(true);
});

test('a worker that cannot look goes on for five minutes with what it knows, and then no further', async () => {
  const { table, clock, query, erased } = world();
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  table.push({ atMs: NOW, id: 'ada' });
  await erased();
  query.mockRejectedValue(new Error('throttled'));
  clock.nowMs += STALE_MS - 1;
  expect((await erased())('ada')).toBe(true);
  expect(warned).toHaveBeenCalledOnce();
  clock.nowMs += 1;
  await expect(erased()).rejects.toThrow('throttled');
  warned.mockRestore();
});

test('a key that could not be read is asked for again', async () => {
  const { table, key, erased } = world();
  table.push({ atMs: NOW, id: 'ada' });
  key.mockRejectedValueOnce(new Error('not now'));
  await expect(erased()).rejects.toThrow('not now');
  expect((await erased())('ada')).toBe(true);
});

test('the hash needs the key', async () => {
  const other = hasher(async () => 'another-key');
  expect(await hash('ada')).toMatch(/^[\w-]{43}$/);
  expect(await other.hash('ada')).not.toBe(await hash('ada'));
});
