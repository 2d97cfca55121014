import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Identities } from '../../../lambdas/adapters/identities.ts';
import { startAws } from './aws.ts';

let make: () => Identities;
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({ identities: ['alias'] });
  const adapter = await import('../../../lambdas/adapters/identities.ts');
  make = () => adapter.identities('identities');
});
afterAll(() => stop());

test('the first link of an alias stays, whoever asks afterwards', async () => {
  const identities = make();
  expect(await identities.get('laptop')).toBeUndefined();
  const first = { alias: 'laptop', profileId: 'ada', atMs: 5 };
  expect(await identities.put(first)).toEqual({ ...first, settled: false });
  expect(await identities.put({ alias: 'laptop', profileId: 'bob', atMs: 3 })).toEqual({ ...first, settled: false });
  expect(await identities.put(first)).toEqual({ ...first, settled: false });
  expect(await identities.get('laptop')).toEqual({ ...first, settled: false });
});

test('of links at the same time one wins, and everybody is told which', async () => {
  const identities = make();
  const people = Array.from({ length: 8 }, (_, n) => `p${n}`);
  const answers = await Promise.all(
    people.map((profileId, atMs) => identities.put({ alias: 'tablet', profileId, atMs })),
  );
  expect(new Set(answers.map(({ profileId }) => profileId)).size).toBe(1);
  expect(await identities.get('tablet')).toEqual(answers[0]);
});

test('many are read at once, those without a link are left out', async () => {
  const identities = make();
  const names = Array.from({ length: 230 }, (_, n) => `many-${n}`);
  const linked = names.filter((_, n) => n % 2 === 0);
  await Promise.all(linked.map((alias) => identities.put({ alias, profileId: `p-${alias}`, atMs: 1 })));
  const found = await identities.getMany([...names, ...names]);
  expect([...found.keys()].sort()).toEqual(linked.toSorted());
  expect(found.get('many-2')).toEqual({ alias: 'many-2', profileId: 'p-many-2', atMs: 1, settled: false });
  expect(await identities.getMany([])).toEqual(new Map());
});

test('a settled link is known without another read, one that is not is read again', async () => {
  const identities = make();
  const link = { alias: 'phone', profileId: 'ada', atMs: 1 };
  await identities.put(link);
  expect((await identities.getMany(['phone'])).get('phone')?.settled).toBe(false);
  await identities.settle(link);
  expect((await identities.getMany(['phone'])).get('phone')).toEqual({ ...link, settled: true });
  expect(await make().get('phone')).toEqual({ ...link, settled: true });

  const other = make();
  await other.getMany(['phone']);
  const { dynamo } = await import('../../../lambdas/adapters/dynamo.ts');
  const asked = vi.spyOn(dynamo, 'send');
  expect((await other.getMany(['phone'])).size).toBe(1);
  expect(asked).toHaveBeenCalledTimes(0);
  await other.getMany(['phone', 'laptop']);
  await other.getMany(['phone', 'laptop']);
  expect(asked).toHaveBeenCalledTimes(2);
});
