import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

let world: AudienceWorld;
let imports: ApiLambda;
let part: (task: object, context: { getRemainingTimeInMillis(): number }) => Promise<{ done: boolean }>;
beforeAll(async () => {
  world = await audienceWorld();
  imports = (await import('../../../lambdas/audience/manage-imports.ts')).handler;
  part = (await import('../../../lambdas/audience/import-part.ts')).handler as typeof part;
});
afterAll(() => world.stop());

type Import = {
  id: string;
  state: string;
  version: number;
  reason?: string;
  errorsUrl?: string;
  uploadUrl: string;
  progress: { bytesDone: number; bytesTotal: number; rows: number; imported: number; refused: number };
};
const mapping = { id: 'profileId', mail: 'email', city: 'attributes.city', sms: 'consent.sms' };
const create = async (name: string, more: object = {}) =>
  (await call(imports, { route: 'POST /v1/imports', body: { name, mapping, ...more } })).body as Import;
const get = async (importId: string) =>
  (await call(imports, { route: 'GET /v1/imports/{importId}', params: { importId } })).body as Import;
const start = (importId: string) =>
  call(imports, { route: 'POST /v1/imports/{importId}/start', params: { importId }, body: {} });
const upload = async (created: Import, body: string | Buffer) => {
  expect((await fetch(created.uploadUrl, { method: 'PUT', body: new Blob([body as string]) })).status).toBe(200);
};
const forever = { getRemainingTimeInMillis: () => 60_000 };
const errorsOf = async ({ errorsUrl }: Import) =>
  errorsUrl
    ? (await (await fetch(errorsUrl)).text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object)
    : [];

/** Creates, uploads, starts and runs an import, part by part, to its end. */
const run = async (name: string, file: string | Buffer, more: object = {}): Promise<Import> => {
  const created = await create(name, more);
  await upload(created, file);
  expect((await start(created.id)).status).toBe(200);
  while (!(await part({ importId: created.id }, forever)).done);
  return get(created.id);
};
const versions = async (prefix: string) => {
  const rows = await world.ask(
    `SELECT profile_id, version, count(*) AS n FROM profiles WHERE starts_with(profile_id, '${prefix}') GROUP BY 1, 2`,
  );
  return Object.fromEntries(rows.map(({ profile_id, version, n }) => [`${profile_id}@${version}`, Number(n)]));
};

describe('a CSV import', () => {
  it('makes profiles, consents and lake rows, and tells what it refused', async () => {
    const done = await run(
      'Customers',
      'id,mail,city,sms\na1,a1@example.com,Paris,yes\na2,nope,Rome,\na3,,"Oslo, Norway",no\n"a4,x\na1,,Lyon,\n',
    );
    expect(done).toMatchObject({
      state: 'finished',
      progress: { rows: 5, imported: 3, refused: 2, bytesDone: done.progress.bytesTotal },
    });
    expect(await errorsOf(done)).toEqual([
      { line: 3, column: 'mail', message: 'not an email address', excerpt: 'a2,nope,Rome,' },
      { line: 5, column: '', message: expect.stringMatching(/quote/), excerpt: '"a4,x' },
    ]);
    expect(JSON.parse((await world.item('Profiles', 'a1'))?.body?.S ?? '')).toMatchObject({
      version: 1,
      email: 'a1@example.com',
      attributes: { city: 'Lyon' },
    });
    expect((await world.item('Contacts', 'a1'))?.['c#sms']).toEqual({ BOOL: true });
    expect((await world.item('Contacts', 'a3'))?.['c#sms']).toEqual({ BOOL: false });
    expect(await world.item('Profiles', 'a2')).toBeUndefined();
    expect(await versions('a')).toEqual({ 'a1@1': 1, 'a3@1': 1 });
  });

  it('shows neither keys nor places in the file', async () => {
    const created = await create('Shown');
    expect(Object.keys(created).sort()).toEqual([
      'author',
      'createdMs',
      'delimiter',
      'id',
      'mapping',
      'name',
      'progress',
      'state',
      'uploadUrl',
      'version',
    ]);
  });

  it('never undoes an unsubscribe, and always takes one', async () => {
    await run('First', 'id,mail,city,sms\nb1,,,no\nb2,,,yes\n');
    await run('Second', 'id,mail,city,sms\nb1,,,yes\nb2,,,no\n');
    expect((await world.item('Contacts', 'b1'))?.['c#sms']).toEqual({ BOOL: false });
    expect((await world.item('Contacts', 'b2'))?.['c#sms']).toEqual({ BOOL: false });
    expect(
      await world.ask(`SELECT profile_id, consent, given, imported FROM consents
        WHERE starts_with(profile_id, 'b') ORDER BY profile_id, at_ms`),
    ).toEqual([
      { profile_id: 'b1', consent: 'sms', given: 'false', imported: 'true' },
      { profile_id: 'b1', consent: 'sms', given: 'true', imported: 'true' },
      { profile_id: 'b2', consent: 'sms', given: 'true', imported: 'true' },
      { profile_id: 'b2', consent: 'sms', given: 'false', imported: 'true' },
    ]);
  });

  it('imported again changes nothing, and adds nothing to the lake', async () => {
    const file = 'id,mail,city,sms\nc1,c1@example.com,Paris,\nc2,c2@example.com,Rome,\n';
    await run('Once', file);
    expect((await run('Twice', file)).progress).toMatchObject({ imported: 2, refused: 0 });
    expect(await versions('c')).toEqual({ 'c1@1': 1, 'c2@1': 1 });
    await run('Changed', file.replace('Rome', 'Oslo'));
    expect(await versions('c')).toEqual({ 'c1@1': 1, 'c2@1': 1, 'c2@2': 1 });
  });
});

describe('a crash', () => {
  it('between profiles and lake loses nothing and counts nothing twice', async () => {
    const created = await create('Crash');
    await upload(created, 'id,mail,city,sms\nd1,,Paris,yes\nd2,,Rome,\nd1,,Lyon,\n');
    await start(created.id);
    world.broken.add('firehose');
    await expect(part({ importId: created.id }, forever)).rejects.toThrow('broken for this test');
    expect(await get(created.id)).toMatchObject({ state: 'running', progress: { bytesDone: 0, imported: 0 } });
    expect(await world.item('Profiles', 'd2')).toBeDefined();
    world.broken.delete('firehose');
    expect(await part({ importId: created.id }, forever)).toEqual({ done: true });
    expect(await get(created.id)).toMatchObject({ state: 'finished', progress: { imported: 3 } });
    expect(await versions('d')).toEqual({ 'd1@1': 1, 'd2@1': 1 });
    // A task that is run once more after the end finds it ended.
    expect(await part({ importId: created.id }, forever)).toEqual({ done: true });
    expect((await get(created.id)).progress.imported).toBe(3);
  });

  it('that lasts is recorded, and the import goes on when it is started again', async () => {
    const created = await create('Stopped');
    // Wide rows: three windows of the file, few writes.
    const rows = Array.from({ length: 700 }, (_, n) => `e${n},e${n}@example.com,${'x'.repeat(1_000)},`);
    await upload(created, ['id,mail,city,sms', ...rows].join('\n'));
    await start(created.id);
    const hurried = { getRemainingTimeInMillis: () => 0 };
    expect(await part({ importId: created.id }, hurried)).toEqual({ done: false });
    const between = (await get(created.id)).progress;
    expect(between.imported).toBeGreaterThan(100);
    expect(between.imported).toBeLessThan(500);
    await part({ importId: created.id, failure: { Error: 'Lambda.Unknown', Cause: 'secret' } }, forever);
    expect(await get(created.id)).toMatchObject({
      state: 'failed',
      reason: 'Stopped by an error on our side: Lambda.Unknown',
      progress: between,
    });
    expect(await start(created.id)).toMatchObject({ status: 200, body: { state: 'running', progress: between } });
    while (!(await part({ importId: created.id }, forever)).done);
    expect(await get(created.id)).toMatchObject({ state: 'finished', progress: { imported: 700, refused: 0 } });
    expect(world.started.filter(({ input }) => (input as { importId: string }).importId === created.id)).toHaveLength(
      2,
    );
    const [row] = await world.ask(`SELECT count(*) AS n FROM profiles WHERE starts_with(profile_id, 'e')`);
    expect(row?.n).toBe('700');
  });

  it('of somebody else writing the same profile in between merges both', async () => {
    const { importRows } = await import('../../../lambdas/audience/import-rows.ts');
    const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
    const { contacts } = await import('../../../lambdas/adapters/contacts.ts');
    const people = profiles(process.env.PROFILES_TABLE ?? '');
    const late = { ...people, getMany: async () => new Map() };
    const other = { profileId: 'f1', version: 1, updatedMs: 1, attributes: { vip: true } };
    await people.save({
      profile: other,
      outbox: [
        {
          effect: 'audit',
          entry: { subject: 'profile/f1', action: 'create', actor: 'x', atMs: 1, version: 1, detail: '' },
        },
      ],
    });
    const appended: object[] = [];
    const consents: object[] = [];
    const ports = {
      profiles: late,
      contacts: contacts(process.env.CONTACTS_TABLE ?? ''),
      appendProfiles: async (rows: object[]) => void appended.push(...rows),
      appendConsents: async (rows: object[]) => void consents.push(...rows),
    };
    await importRows(
      ports,
      [{ profileId: 'f1', input: { attributes: { city: 'Paris' } }, consents: { sms: true } }],
      'p',
      2,
    );
    const stored = await people.get('f1');
    expect(stored?.profile).toMatchObject({ version: 2, attributes: { vip: true, city: 'Paris' } });
    // What the other writer has not published yet is still there to be published.
    expect(stored?.outbox).toHaveLength(1);
    expect(appended).toMatchObject([{ profile_id: 'f1', version: 2 }]);
    expect(consents).toEqual([{ profile_id: 'f1', consent: 'sms', given: true, imported: true, at_ms: 2 }]);
  });
});

describe('a profile that would become too large', () => {
  it('does not hide that a no could not be written', async () => {
    const { importRows } = await import('../../../lambdas/audience/import-rows.ts');
    const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
    const { contacts } = await import('../../../lambdas/adapters/contacts.ts');
    const consents: object[] = [];
    const ports = {
      profiles: profiles(process.env.PROFILES_TABLE ?? ''),
      contacts: contacts(process.env.CONTACTS_TABLE ?? ''),
      appendProfiles: async () => {},
      appendConsents: async (rows: object[]) => void consents.push(...rows),
    };
    const rows = [{ profileId: 'fat', input: { attributes: { a: 'x'.repeat(40_000) } }, consents: { email: false } }];
    const throttled = { ...ports.contacts, grantConsents: () => Promise.reject(new Error('throttled')) };
    await expect(importRows({ ...ports, contacts: throttled }, rows, 'p', 1)).rejects.toThrow('throttled');
    expect(await importRows(ports, rows, 'p', 2)).toEqual(['fat']);
    expect((await world.item('Contacts', 'fat'))?.['c#email']).toEqual({ BOOL: false });
    expect(consents).toMatchObject([{ profile_id: 'fat', consent: 'email', given: false }]);
  });
});

describe('a file that cannot be used', () => {
  it.each<[string, Buffer, RegExp]>([
    ['UTF-16', Buffer.from('\ufeffid,mail,city,sms\n', 'utf16le'), /UTF-16/],
    ['empty', Buffer.alloc(0), /empty/],
    ['without a column', Buffer.from('id,city\n'), /lacks "mail", "sms"/],
    ['of one endless line', Buffer.from(`id,mail,city,sms\n${'x'.repeat(300_000)}`), /longer than/],
  ])('%s fails with its reason, and is not retried', async (name, file, reason) => {
    const done = await run(name, file);
    expect(done).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) });
  });

  it('replaced while it is being read stops the import, which then reads the new one', async () => {
    // A column that is not imported makes the file larger than a window.
    const rows = (city: string) => Array.from({ length: 8 }, (_, n) => `h${n},,${city},,${'x'.repeat(50_000)}\n`);
    const file = (city: string) => `id,mail,city,sms,note\n${rows(city).join('')}`;
    const created = await create('Swapped');
    await upload(created, file('Paris'));
    await start(created.id);
    let calls = 0;
    // Time for one window only.
    await part({ importId: created.id }, { getRemainingTimeInMillis: () => (calls++ === 0 ? 60_000 : 0) });
    expect(await get(created.id)).toMatchObject({ state: 'running' });
    await upload(created, file('Milan'));
    expect(await part({ importId: created.id }, forever)).toEqual({ done: true });
    expect(await get(created.id)).toMatchObject({ state: 'failed', reason: expect.stringMatching(/replaced/) });
    expect((await start(created.id)).body).toMatchObject({ state: 'running', progress: { bytesDone: 0 } });
  });

  it('can be replaced', async () => {
    const created = await create('Replaced');
    await upload(created, 'id;mail\n');
    await start(created.id);
    await part({ importId: created.id }, forever);
    await upload(created, 'id,mail,city,sms\ng1,,Paris,\n');
    expect((await start(created.id)).body).toMatchObject({ state: 'running', progress: { bytesDone: 0 } });
    await part({ importId: created.id }, forever);
    const done = await get(created.id);
    expect(done).toMatchObject({ state: 'finished', progress: { imported: 1 } });
    expect(done.reason).toBeUndefined();
  });
});

describe('the API', () => {
  it('starts only what is uploaded, and once', async () => {
    const created = await create('Early');
    expect(await start(created.id)).toMatchObject({
      status: 409,
      body: { type: '/problems/state-conflict', detail: 'Upload the file to uploadUrl first' },
    });
    await upload(created, 'id,mail,city,sms\n');
    expect((await start(created.id)).status).toBe(200);
    expect((await start(created.id)).status).toBe(409);
  });
  it('knows no other import', async () => {
    expect((await start('none')).status).toBe(404);
    expect((await call(imports, { route: 'GET /v1/imports/{importId}', params: { importId: 'none' } })).status).toBe(
      404,
    );
  });
  it('refuses a bad mapping', async () => {
    const body = { name: 'x', mapping: { mail: 'email' } };
    expect(await call(imports, { route: 'POST /v1/imports', body })).toMatchObject({
      status: 400,
      body: { type: '/problems/invalid-body' },
    });
  });
  it('lists the newest first', async () => {
    await create('Last');
    const page = await call(imports, { route: 'GET /v1/imports', query: { limit: '2' } });
    expect(page.body).toMatchObject({ items: [{ name: 'Last' }, {}], cursor: expect.any(String) });
  });
});

it('waits while its start is not cleared', async () => {
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const defs = definitions(process.env.DEFINITIONS_TABLE ?? '');
  const body = { state: 'running' };
  await defs.put('import', 'pending', body, 0, 1, [
    { effect: 'start-execution', machine: 'import-profiles', name: 'n', input: {} },
  ]);
  await expect(part({ importId: 'pending' }, forever)).rejects.toMatchObject({ name: 'NotReady' });
});

it('lists at most 10,000 errors, and counts all', { timeout: 60_000 }, async () => {
  const rows = Array.from({ length: 12_000 }, (_, n) => `h${n},bad,,`);
  const done = await run('Bad', ['id,mail,city,sms', ...rows].join('\n'));
  expect(done.progress).toMatchObject({ imported: 0, refused: 12_000 });
  expect(await errorsOf(done)).toHaveLength(10_000);
});
