import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { References } from '../../../lambdas/adapters/references.ts';
import { startAws } from './aws.ts';

let make: () => References;
let stop: () => Promise<void>;
let rows: References;
let sent: { name: string; asked: number }[];

beforeAll(async () => {
  stop = await startAws({ definitions: ['kind', 'id'] });
  const { references } = await import('../../../lambdas/adapters/references.ts');
  make = () => references('definitions');
  const { dynamo } = await import('../../../lambdas/adapters/dynamo.ts');
  dynamo.middlewareStack.add(
    (next, context) => (args) => {
      const { RequestItems = {} } = args.input as { RequestItems?: Record<string, { Keys: unknown[] }> };
      sent.push({ name: String(context.commandName), asked: RequestItems.definitions?.Keys.length ?? 0 });
      return next(args);
    },
    { step: 'initialize' },
  );
});
afterAll(() => stop());
beforeEach(() => {
  rows = make();
  sent = [];
});
afterEach(() => vi.useRealTimers());

/** Moves the clock of the cache; everything else goes on in real time. */
const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
const reads = () => sent.filter(({ name }) => name === 'BatchGetItemCommand').map(({ asked }) => asked);

describe('rows of reference tables', () => {
  test('are written, read, replaced and removed; the last write wins', async () => {
    await rows.putMany('products', [
      { key: 'A-1', values: { margin: 5, brand: 'Acme' } },
      { key: 'A-2', values: {} },
    ]);
    expect(await rows.get('products', 'A-1')).toEqual({ margin: 5, brand: 'Acme' });
    expect(await make().getMany('products', ['A-1', 'A-2', 'A-3'])).toEqual(
      new Map([
        ['A-1', { margin: 5, brand: 'Acme' }],
        ['A-2', {}],
      ]),
    );
    await rows.putMany('products', [
      { key: 'A-1', values: { margin: 6 } },
      { key: 'A-2', values: undefined },
    ]);
    await rows.putMany('products', [{ key: 'A-2', values: undefined }]);
    expect(await make().getMany('products', ['A-1', 'A-2'])).toEqual(new Map([['A-1', { margin: 6 }]]));
    expect(await rows.get('products', 'A-2')).toBeUndefined();
  });

  test('of one table are none of another’s', async () => {
    await rows.putMany('shops', [{ key: 'A-1', values: { city: 'Paris' } }]);
    expect(await rows.getMany('cities', ['A-1'])).toEqual(new Map());
  });

  test('may have a key like something that every object has', async () => {
    const keys = ['__proto__', 'constructor', 'toString'];
    expect(await rows.getMany('odd', keys)).toEqual(new Map());
    await rows.putMany(
      'odd',
      keys.map((key) => ({ key, values: { key } })),
    );
    expect([...(await make().getMany('odd', keys)).keys()].sort()).toEqual([...keys].sort());
  });

  test('are read a hundred at a time, each once', async () => {
    const keys = Array.from({ length: 250 }, (_, n) => `k${n}`);
    await rows.putMany(
      'many',
      keys.map((key, n) => ({ key, values: { n } })),
    );
    const found = await rows.getMany('many', [...keys, ...keys]);
    expect(found.size).toBe(250);
    expect(found.get('k249')).toEqual({ n: 249 });
    expect(reads()).toEqual([100, 100, 50]);
  });

  test('are remembered for less than a minute, also in that they are not there', async () => {
    await rows.putMany('prices', [{ key: 'a', values: { price: 1 } }]);
    await rows.getMany('prices', ['a', 'b']);
    await make().putMany('prices', [
      { key: 'a', values: { price: 2 } },
      { key: 'b', values: { price: 3 } },
    ]);
    later(50_000);
    expect(await rows.getMany('prices', ['a', 'b'])).toEqual(new Map([['a', { price: 1 }]]));
    expect(reads()).toEqual([2]);
    later(60_000);
    expect(await rows.getMany('prices', ['a', 'b'])).toEqual(
      new Map([
        ['a', { price: 2 }],
        ['b', { price: 3 }],
      ]),
    );
    expect(reads()).toEqual([2, 2]);
  });

  test('are remembered up to a number; the oldest are read again', async () => {
    const keys = Array.from({ length: 5_001 }, (_, n) => `x${n}`);
    await rows.getMany('none', keys);
    sent = [];
    await rows.getMany('none', ['x5000', 'x1']);
    expect(reads()).toEqual([]);
    await rows.getMany('none', ['x0']);
    expect(reads()).toEqual([1]);
  });
});
