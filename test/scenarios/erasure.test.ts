import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bootLocal, type LocalHerald } from './boot.ts';
import { ADA, ADA_TEXTS, BOB, erase, exportOf, finishErasure, liveEverywhere, placesOf } from './everywhere.ts';

const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'herald-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

/** What everybody may see of a person who stays. */
const seenOf = async (herald: LocalHerald, profileId: string) => {
  const { api, as } = herald;
  const { lines } = await exportOf(herald, profileId);
  return {
    profile: await api.must(`GET /v1/profiles/${profileId}`, await as('viewer-vera')),
    contact: await api.must(`GET /v1/profiles/${profileId}/contact`, await as('viewer-vera')),
    lines: lines.filter((line) => !line.includes('"action":"export"')).sort(),
  };
};

test('a person who was everywhere is exported, and erased so that only a keyed hash is found; another one is untouched', {
  timeout: 120_000,
}, async () => {
  const persist = folder();
  const herald = await bootLocal({ persist });
  const { api, as, cloud } = herald;
  await liveEverywhere(herald);

  const { header, lines } = await exportOf(herald, ADA.id);
  expect(header).toMatchObject({
    schema: 'herald.person.1',
    profileId: ADA.id,
    ids: [ADA.id, `anonymous:${ADA.device}`, `anonymous:${ADA.tablet}`],
  });
  const stores = new Set(lines.map((line) => (JSON.parse(line) as { store: string }).store));
  expect([...stores].sort()).toEqual([
    ...['audit', 'contacts', 'identities', 'lake.consents', 'lake.events', 'lake.identities', 'lake.list_members'],
    ...['lake.outcomes', 'lake.profiles', 'ledger', 'memberships', 'profiles', 'timers', 'windows'],
  ]);
  expect(lines.join('\n')).not.toContain(BOB.id);
  expect(lines.filter((line) => line.includes(ADA.mood))).toHaveLength(1);

  // Everywhere indeed: else the search at the end would prove little.
  const before = await placesOf(herald, persist, ADA_TEXTS);
  const kinds = before.map((place) => place.replace(/^(table \w+|object [^/]+).*$/s, '$1'));
  expect([...new Set(kinds)].sort()).toEqual([
    ...[
      'consents',
      'events',
      'exports',
      'identities',
      'imports',
      'list_members',
      'lists',
      'outcomes',
      'previews',
      'profiles',
    ].map((folder) => `object ${folder}`),
    'object snapshots',
    ...['Audit', 'Contacts', 'Definitions', 'Identities', 'Ledger', 'Memberships', 'Profiles'].map(
      (table) => `table ${table}`,
    ),
    ...['table Timers', 'table Windows'],
  ]);
  // Receipts come minutes after the messages.
  await cloud.clock.advance(8 * 60_000);
  const bobBefore = await seenOf(herald, BOB.id);
  const received = await cloud.inbox.count();

  const erasure = await erase(herald, ADA.id);
  await cloud.clock.idle();
  expect(await api.call(`GET /v1/profiles/${ADA.id}`, await as('viewer-vera'))).toMatchObject({ status: 404 });
  expect(await finishErasure(herald, erasure)).toBe(2);
  expect(await placesOf(herald, persist, ADA_TEXTS)).toEqual([]);
  expect(await seenOf(herald, BOB.id)).toEqual(bobBefore);
  expect(await cloud.inbox.count()).toBe(received);
});
