import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PersonWorld, personWorld } from './person-world.ts';

let world: PersonWorld;
let forget: (task: { erasureId: string; settled: boolean }) => Promise<void>;
beforeAll(async () => {
  world = await personWorld();
  forget = (await import('../../../lambdas/audience/forget-person.ts')).handler;
});
afterAll(() => world.stop());

/** Of a person who is erased, tables keep nothing but the erasure while it runs. */
const ERASURES = ['Erasures'];
const auditOf = async (hash: string) => {
  const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
  return (await readAudit(process.env.AUDIT_TABLE ?? '', { subject: `erased/${hash}` }, 10)).items;
};

test('removes the person and their anonymous ids from the tables, and nobody else', async () => {
  await world.inTables('ada');
  await world.inTables('adam');
  const others = await world.placesOf(['adam']);
  const erasureId = await world.waiting('ada');
  await forget({ erasureId, settled: false });
  expect(await world.placesOf(['"ada"', 'ada-device', 'ada@', 'profile/ada"'])).toEqual(ERASURES);
  expect(await world.placesOf(['adam'])).toEqual(others);
  expect(await world.store.person(erasureId)).toMatchObject({
    profileId: 'ada',
    aliases: ['ada-device'],
    addresses: ['ada@example.com'],
  });
  expect((await world.store.person(erasureId))?.settledMs).toBeUndefined();
  expect(await world.store.get(erasureId)).toMatchObject({ state: 'running', tablesMs: expect.any(Number), passes: 0 });
  // Of the audit stays who did what and when.
  const entry = { subject: `erased/${erasureId}`, action: 'export', actor: 'amir', version: 0, detail: '' };
  expect(await auditOf(erasureId)).toEqual([
    { ...entry, atMs: 2 },
    { ...entry, atMs: 1 },
  ]);

  await forget({ erasureId, settled: true });
  expect(await world.store.person(erasureId)).toMatchObject({
    aliases: ['ada-device'],
    settledMs: expect.any(Number),
  });
});

test('does nothing for an erasure that is finished, and does not write the id down again', async () => {
  const { forgetInTables } = await import('../../../lambdas/audience/forget-in-tables.ts');
  await world.inTables('bea');
  const erasureId = await world.waiting('bea');
  const person = await world.store.person(erasureId);
  await world.store.change(erasureId, (erasure) => ({ ...erasure, state: 'finished', passes: 2, finishedMs: 3 }));
  await world.store.forgetPerson(erasureId);
  await forget({ erasureId, settled: true });
  // A run that had read whom it is about before.
  const ports = { erasures: world.store, tables: process.env as never };
  expect(await forgetInTables(ports, person!, Date.now())).toBeUndefined();
  expect(await world.store.person(erasureId)).toBeUndefined();
  expect(await world.store.get(erasureId)).toMatchObject({ state: 'finished', passes: 2, finishedMs: 3 });
});

test('nobody writes over what somebody else has changed in the erasure', async () => {
  const erasureId = await world.waiting('cleo');
  const changes = [{ tablesMs: 5 }, { passes: 7 }, { finishedMs: 6 }];
  await Promise.all(changes.map((change) => world.store.change(erasureId, (erasure) => ({ ...erasure, ...change }))));
  expect(await world.store.get(erasureId)).toMatchObject({ passes: 7, tablesMs: 5, finishedMs: 6 });
});

test('a crash after any of its changes is made up for when it is run again', { timeout: 60_000 }, async () => {
  for (let n = 1; ; n += 1) {
    const id = `dan${n}`;
    await world.inTables(id);
    const erasureId = await world.waiting(id);
    const happened = await world.crashed(n, () => forget({ erasureId, settled: true }));
    expect(await world.store.person(erasureId), `change ${n}`).toMatchObject({
      aliases: [`${id}-device`],
      addresses: [`${id}@example.com`],
      settledMs: expect.any(Number),
    });
    expect(await auditOf(erasureId), `change ${n}`).toHaveLength(2);
    if (!happened) {
      expect(n).toBeGreaterThan(20);
      break;
    }
  }
  expect(await world.placesOf(['"dan', '#dan', ':dan', '/dan'])).toEqual(ERASURES);
});
