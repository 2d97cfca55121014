import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { laneOf, lanesOf } from '../../../core/audience/profile-import.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { type Upload, uploadFile } from '../../../scripts/client.ts';
import { call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

type Timed = { getRemainingTimeInMillis(): number };
type Task = { importId: string; run: number };
let world: AudienceWorld;
let imports: ApiLambda;
let read: (task: Task, context: Timed) => Promise<{ next: string; lanes: number[] }>;
let write: (task: Task & { lane: number }, context: Timed) => Promise<{ done: boolean }>;
let finish: (task: Task & { failure?: object }) => Promise<void>;
beforeAll(async () => {
  world = await audienceWorld();
  imports = (await import('../../../lambdas/audience/manage-imports.ts')).handler;
  read = (await import('../../../lambdas/audience/read-import.ts')).handler;
  write = (await import('../../../lambdas/audience/write-import.ts')).handler;
  finish = (await import('../../../lambdas/audience/finish-import.ts')).handler;
});
afterAll(() => world.stop());

type Import = {
  id: string;
  state: string;
  version: number;
  reason?: string;
  errorsUrl?: string;
  upload: Upload;
  progress: Record<
    'bytesDone' | 'bytesTotal' | 'rows' | 'imported' | 'created' | 'changed' | 'unchanged' | 'refused',
    number
  >;
  check?: { errors: object[]; sample: object[] };
};
const mapping = { id: 'profileId', mail: 'email', city: 'attributes.city', sms: 'consent.sms' };
const create = async (name: string, more: object = {}) =>
  (await call(imports, { route: 'POST /v1/imports', body: { name, mapping, ...more } })).body as Import;
const get = async (importId: string) =>
  (await call(imports, { route: 'GET /v1/imports/{importId}', params: { importId } })).body as Import;
const act = (importId: string, action: string, body: object = {}) =>
  call(imports, { route: `POST /v1/imports/{importId}/${action}`, params: { importId }, body });
const start = (importId: string) => act(importId, 'start');
const change = (importId: string, body: object) =>
  call(imports, { route: 'PUT /v1/imports/{importId}', params: { importId }, body: { name: 'x', mapping, ...body } });
const upload = (created: Import, body: string | Buffer) => uploadFile(created.upload, body);
const forever = { getRemainingTimeInMillis: () => 60_000 };
/** Time for one step or piece only. */
const hurried = { getRemainingTimeInMillis: () => 0 };
const errorsOf = async ({ errorsUrl }: Import) =>
  errorsUrl
    ? (await (await fetch(errorsUrl)).text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object)
    : [];

/** The task of the execution that was asked for last. */
const taskOf = (importId: string): Task => {
  const found = world.started.findLast(({ input }) => (input as Task).importId === importId);
  if (!found) throw new Error(`Nobody started ${importId}`);
  return found.input as Task;
};
/** What the state machine does after a start. */
const execute = async (importId: string) => {
  const task = taskOf(importId);
  let read1 = await read(task, forever);
  while (read1.next === 'read') read1 = await read(task, forever);
  if (read1.next === 'end') return;
  for (const lane of read1.lanes) while (!(await write({ ...task, lane }, forever)).done);
  await finish(task);
};
/** Creates, uploads, starts and runs an import to its end. */
const run = async (name: string, file: string | Buffer, more: object = {}): Promise<Import> => {
  const created = await create(name, more);
  await upload(created, file);
  expect(await start(created.id)).toMatchObject({ status: 200 });
  await execute(created.id);
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
      { line: 3, column: 'mail', value: 'nope', message: 'not an email address', excerpt: 'a2,nope,Rome,' },
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
      'file',
      'id',
      'mapping',
      'name',
      'progress',
      'state',
      'upload',
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
      { profile_id: 'b2', consent: 'sms', given: 'true', imported: 'true' },
      { profile_id: 'b2', consent: 'sms', given: 'false', imported: 'true' },
    ]);
  });

  it('imported again changes nothing, and adds nothing to the lake', async () => {
    const file = 'id,mail,city,sms\nc1,c1@example.com,Paris,\nc2,c2@example.com,Rome,\n';
    expect((await run('Once', file)).progress).toMatchObject({ created: 2, changed: 0, unchanged: 0 });
    expect((await run('Twice', file)).progress).toMatchObject({ imported: 2, unchanged: 2, refused: 0 });
    expect(await versions('c')).toEqual({ 'c1@1': 1, 'c2@1': 1 });
    expect((await run('Changed', file.replace('Rome', 'Oslo'))).progress).toMatchObject({ changed: 1, unchanged: 1 });
    expect(await versions('c')).toEqual({ 'c1@1': 1, 'c2@1': 1, 'c2@2': 1 });
  });
});

describe('a crash', () => {
  it('between profiles and lake loses nothing and counts nothing twice', async () => {
    const created = await create('Crash');
    await upload(created, 'id,mail,city,sms\nd1,,Paris,yes\nd2,,Rome,\nd1,,Lyon,\n');
    await start(created.id);
    const task = taskOf(created.id);
    expect(await read(task, forever)).toEqual({ next: 'write', lanes: [0] });
    world.broken.add('firehose');
    await expect(write({ ...task, lane: 0 }, forever)).rejects.toThrow('broken for this test');
    world.broken.delete('firehose');
    expect(await get(created.id)).toMatchObject({ state: 'running', progress: { rows: 3, imported: 0 } });
    await execute(created.id);
    const done = await get(created.id);
    expect(done).toMatchObject({ state: 'finished', progress: { imported: 3, created: 3, changed: 0, unchanged: 0 } });
    expect(await versions('d')).toEqual({ 'd1@1': 1, 'd2@1': 1 });
    // Tasks that are run once more after the end find it ended.
    expect(await read(task, forever)).toEqual({ next: 'end', lanes: [] });
    expect(await write({ ...task, lane: 0 }, forever)).toEqual({ done: true });
    await finish(task);
    expect(await get(created.id)).toEqual({ ...done, errorsUrl: (await get(created.id)).errorsUrl });
  });

  it('after the profiles, before the place is stored, counts what it wrote as the first time', async () => {
    const { writePeople } = await import('../../../lambdas/audience/write-people.ts');
    const ports = await portsOf();
    const people = ['k1', 'k2'].map((profileId) => ({
      ...{ profileId, input: { attributes: { city: 'Paris' } }, statements: [], counted: 2, line: 2 },
    }));
    const piece = { batch: 'i/1', step: 3 };
    const first = await writePeople(ports, people, piece, 1);
    expect(first).toEqual({ created: 4, changed: 0, unchanged: 0, refused: 0, tooLarge: [] });
    expect(await writePeople(ports, people, piece, 2)).toEqual(first);
    // Another import finds nothing to do.
    expect(await writePeople(ports, people, { batch: 'j/1', step: 0 }, 3)).toMatchObject({ created: 0, unchanged: 4 });
    // One that was overtaken by a later piece of the same import writes nothing back.
    const moved = people.map((person) => ({ ...person, input: { attributes: { city: 'Rome' } } }));
    await writePeople(ports, moved, { batch: 'i/1', step: 4 }, 4);
    expect(await writePeople(ports, people, piece, 5)).toMatchObject({ unchanged: 4 });
    expect((await ports.profiles.get('k1'))?.profile).toMatchObject({ version: 2, attributes: { city: 'Rome' } });
  });

  it('that lasts is recorded, and the import goes on when it is started again', async () => {
    const created = await create('Stopped');
    // Wide rows: three steps of the file, few writes.
    const rows = Array.from({ length: 150 }, (_, n) => `e${n},e${n}@example.com,x,,${'x'.repeat(30_000)}`);
    await upload(created, ['id,mail,city,sms,note', ...rows].join('\n'));
    await start(created.id);
    const task = taskOf(created.id);
    expect(await read(task, hurried)).toEqual({ next: 'read', lanes: [] });
    const between = (await get(created.id)).progress;
    expect(between.rows).toBeGreaterThan(50);
    expect(between.rows).toBeLessThan(100);
    await finish({ ...task, failure: { Error: 'Lambda.Unknown', Cause: 'secret' } });
    expect(await get(created.id)).toMatchObject({
      state: 'failed',
      reason: 'Stopped by an error on our side: Lambda.Unknown',
      progress: between,
    });
    expect(await start(created.id)).toMatchObject({ status: 200, body: { state: 'running', progress: between } });
    const again = taskOf(created.id);
    expect(again.run).toBeGreaterThan(task.run);
    while ((await read(again, forever)).next === 'read');
    // Half of the lanes, one of them half; then it fails once more.
    expect(await write({ ...again, lane: 0 }, hurried)).toEqual({ done: false });
    expect(await write({ ...again, lane: 1 }, forever)).toEqual({ done: true });
    await finish({ ...again, failure: {} });
    const written = (await get(created.id)).progress.imported;
    expect(written).toBeGreaterThan(10);
    await start(created.id);
    expect((await get(created.id)).progress.imported).toBe(written);
    await execute(created.id);
    expect(await get(created.id)).toMatchObject({ state: 'finished', progress: { created: 150, refused: 0 } });
    const [row] = await world.ask(`SELECT count(*) AS n FROM profiles WHERE starts_with(profile_id, 'e')`);
    expect(row?.n).toBe('150');
  });

  it('of somebody else writing the same profile in between merges both', async () => {
    const { writePeople } = await import('../../../lambdas/audience/write-people.ts');
    const ports = await portsOf();
    const late = { ...ports.profiles, getMany: async () => new Map() };
    const other = { profileId: 'f1', version: 1, updatedMs: 1, attributes: { vip: true } };
    const entry = { subject: 'profile/f1', action: 'create', actor: 'x', atMs: 1, version: 1, detail: '' };
    await ports.profiles.save({ profile: other, outbox: [{ effect: 'audit', entry }] });
    const statements = [{ consents: { sms: true } }];
    const person = { profileId: 'f1', input: { attributes: { city: 'Paris' } }, statements, counted: 1, line: 2 };
    await writePeople({ ...ports, profiles: late }, [person], { batch: 'p/1', step: 0 }, 2);
    const stored = await ports.profiles.get('f1');
    expect(stored?.profile).toMatchObject({ version: 2, attributes: { vip: true, city: 'Paris' } });
    // What the other writer has not published yet is still there to be published.
    expect(stored?.outbox).toHaveLength(1);
    expect(ports.appended).toMatchObject([{ profile_id: 'f1', version: 2 }]);
    expect(ports.consents).toEqual([{ profile_id: 'f1', consent: 'sms', given: true, imported: true, at_ms: 2 }]);
  });

  it('of somebody unsubscribing in between keeps that', async () => {
    const { writePeople } = await import('../../../lambdas/audience/write-people.ts');
    const ports = await portsOf();
    const stale = { ...ports.contacts, getMany: async () => new Map() };
    await ports.contacts.setConsents('g9', { email: false });
    const statements = [{ consents: { 'email/news': true, sms: true } }];
    const person = { profileId: 'g9', input: {}, statements, counted: 1, line: 2 };
    await writePeople({ ...ports, contacts: stale }, [person], { batch: 'q/1', step: 0 }, 2);
    expect((await ports.contacts.get('g9')).consents).toEqual({ email: false, sms: true });
  });
});

/** The tables of this test, and what would go to the lake. */
const portsOf = async () => {
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  const { contacts } = await import('../../../lambdas/adapters/contacts.ts');
  const { consentGrants } = await import('../../../lambdas/adapters/consent-grants.ts');
  const appended: object[] = [];
  const consents: object[] = [];
  return {
    ...{ appended, consents },
    profiles: profiles(process.env.PROFILES_TABLE ?? ''),
    contacts: contacts(process.env.CONTACTS_TABLE ?? ''),
    grantConsents: consentGrants(process.env.CONTACTS_TABLE ?? ''),
    appendProfiles: async (rows: object[]) => void appended.push(...rows),
    appendConsents: async (rows: object[]) => void consents.push(...rows),
  };
};

describe('several lanes', () => {
  // Long rows: how many lanes there are depends on the bytes.
  const person = (n: number, city: string) => `l${n},,${city},,${'x'.repeat(4_000)}\n`;
  const file = (cities: string[]) =>
    `id,mail,city,sms,note\n${cities.flatMap((city) => Array.from({ length: 250 }, (_, n) => person(n, city))).join('')}`;

  it('write each person in the order of the file: the last row wins, however the lanes run', {
    timeout: 60_000,
  }, async () => {
    const created = await create('Lanes');
    const text = file(['Paris', 'Rome', 'Oslo', 'Bern', 'Riga']);
    await upload(created, text);
    await start(created.id);
    const task = taskOf(created.id);
    while ((await read(task, forever)).next === 'read');
    const lanes = Array.from({ length: lanesOf(text.length) }, (_, lane) => lane);
    expect(lanes).toHaveLength(5);
    // The last lane first, each in pieces, two runs of each beside each other: as retries may do.
    for (const lane of lanes.reverse()) {
      const drive = async () => {
        while (!(await write({ ...task, lane }, hurried)).done);
      };
      await Promise.all([drive(), drive()]);
    }
    await finish(task);
    const { progress, state } = await get(created.id);
    expect([state, progress.rows, progress.imported, progress.refused]).toEqual(['finished', 1_250, 1_250, 0]);
    const rows = await world.ask(`SELECT profile_id, version, attributes FROM profiles
        WHERE starts_with(profile_id, 'l') ORDER BY version`);
    const last = new Map(rows.map((row) => [row.profile_id, row.attributes]));
    expect(last.size).toBe(250);
    for (const attributes of last.values()) expect(attributes).toContain('Riga');
  });

  it('share people evenly', () => {
    const counts = new Array<number>(8).fill(0);
    for (let n = 0; n < 8_000; n += 1) counts[laneOf(`customer-${n}`, 8)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});

describe('pause, resume and cancel', () => {
  const twoSteps = () => {
    const rows = Array.from({ length: 100 }, (_, n) => `m${n},,x,,${'x'.repeat(30_000)}`);
    return ['id,mail,city,sms,note', ...rows].join('\n');
  };
  it('stop between steps and pieces, and go on there', async () => {
    const created = await create('Paused');
    await upload(created, twoSteps());
    await start(created.id);
    const task = taskOf(created.id);
    await read(task, hurried);
    expect(await act(created.id, 'pause')).toMatchObject({ status: 200, body: { state: 'paused' } });
    const { progress } = await get(created.id);
    expect(await read(task, forever)).toEqual({ next: 'end', lanes: [] });
    expect((await get(created.id)).progress).toEqual(progress);
    expect(await act(created.id, 'resume')).toMatchObject({ status: 200, body: { state: 'running' } });
    // The old execution, should it still be there, does no more.
    expect(await read(task, forever)).toEqual({ next: 'end', lanes: [] });
    const resumed = taskOf(created.id);
    expect((await read(resumed, forever)).next).toBe('write');
    await write({ ...resumed, lane: 0 }, hurried);
    await act(created.id, 'pause');
    const half = (await get(created.id)).progress;
    expect(half.imported).toBeGreaterThan(0);
    for (let lane = 0; lane < 8; lane += 1) expect(await write({ ...resumed, lane }, forever)).toEqual({ done: true });
    await finish(resumed);
    expect(await get(created.id)).toMatchObject({ state: 'paused', progress: half });
    await act(created.id, 'resume');
    await execute(created.id);
    expect(await get(created.id)).toMatchObject({ state: 'finished', progress: { rows: 100, created: 100 } });
  });
  it('a pause while a step is being read has the last word', async () => {
    const created = await create('Raced');
    await upload(created, twoSteps());
    await start(created.id);
    const task = taskOf(created.id);
    const reading = read(task, hurried);
    while ((await act(created.id, 'pause')).status !== 200);
    await reading;
    expect((await get(created.id)).state).toBe('paused');
    await act(created.id, 'resume');
    await execute(created.id);
    expect((await get(created.id)).progress).toMatchObject({ rows: 100, imported: 100 });
  });
  it('a cancelled import stays so', async () => {
    const created = await create('Cancelled');
    await upload(created, twoSteps());
    await start(created.id);
    const task = taskOf(created.id);
    expect(await act(created.id, 'cancel')).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    expect(await read(task, forever)).toEqual({ next: 'end', lanes: [] });
    for (const action of ['start', 'resume', 'pause', 'check', 'cancel', 'upload'])
      expect((await act(created.id, action)).status, action).toBe(409);
  });
});

describe('a dry run', () => {
  const file = 'id,mail,city,sms\nn1,,Rome,\nn2,bad,Rome,yes\nn3,,Oslo,no\nn4,,Bern,yes\n';
  it('counts, tells errors and what would become of whom, and writes nothing', async () => {
    await run('Before', 'id,mail,city,sms\nn1,,Paris,\nn4,,Bern,no\n');
    const created = await create('Dry');
    await upload(created, file);
    expect(await act(created.id, 'check')).toMatchObject({ status: 200, body: { state: 'checking' } });
    await execute(created.id);
    const checked = await get(created.id);
    expect(checked).toMatchObject({
      state: 'checked',
      progress: { rows: 4, refused: 1, imported: 0, bytesDone: file.length },
      check: {
        errors: [{ line: 3, column: 'mail', value: 'bad' }],
        sample: [
          { profileId: 'n1', outcome: 'change', changes: ['attributes.city'] },
          { profileId: 'n3', outcome: 'create', changes: ['attributes.city', 'consent.sms: no'] },
          { profileId: 'n4', outcome: 'unchanged', changes: [] },
        ],
      },
    });
    expect(await errorsOf(checked)).toHaveLength(1);
    expect(await world.item('Profiles', 'n3')).toBeUndefined();
    expect(await world.item('Contacts', 'n3')).toBeUndefined();
    expect(await versions('n')).toEqual({ 'n1@1': 1, 'n4@1': 1 });
    // Then it can be started.
    await start(created.id);
    await execute(created.id);
    expect(await get(created.id)).toMatchObject({
      state: 'finished',
      progress: { rows: 4, refused: 1, created: 1, changed: 1, unchanged: 1 },
    });
    expect((await get(created.id)).check).toBeUndefined();
  });
  it('stops after the first rows when it is asked to', async () => {
    const created = await create('First');
    await upload(created, file);
    await act(created.id, 'check', { rows: 2 });
    await execute(created.id);
    expect(await get(created.id)).toMatchObject({
      state: 'checked',
      progress: { rows: 2, refused: 1 },
      check: { rowLimit: 2 },
    });
  });
  it('is stopped by a change of the mapping', async () => {
    const created = await create('Change');
    await upload(created, file);
    await act(created.id, 'check');
    const task = taskOf(created.id);
    expect(await change(created.id, { mapping: { id: 'profileId' } })).toMatchObject({
      status: 200,
      body: { state: 'created', mapping: { id: 'profileId' }, progress: { rows: 0 } },
    });
    expect(await read(task, forever)).toEqual({ next: 'end', lanes: [] });
  });
});

describe('an inspection', () => {
  const inspect = (importId: string) =>
    call(imports, { route: 'GET /v1/imports/{importId}/inspection', params: { importId } });
  it('tells form, columns and a mapping, and changes nothing', async () => {
    const created = await create('Look', { mapping: undefined });
    expect(await inspect(created.id)).toMatchObject({ status: 409 });
    await upload(created, Buffer.from('Kundennummer;E-Mail;Stadt\r\n1;a@example.com;Köln\r\n', 'latin1'));
    expect(await inspect(created.id)).toMatchObject({
      status: 200,
      body: {
        file: { format: 'csv', encoding: 'windows-1252', delimiter: ';', header: true },
        columns: [{ name: 'Kundennummer', values: ['1'] }, { name: 'E-Mail' }, { name: 'Stadt', values: ['Köln'] }],
        mapping: { Kundennummer: 'profileId', 'E-Mail': 'email', Stadt: 'attributes.city' },
      },
    });
    expect((await get(created.id)).state).toBe('created');
    expect(await start(created.id)).toMatchObject({ status: 409, body: { detail: expect.stringMatching(/mapping/) } });
  });
  it('finds accents in the middle of a large file', async () => {
    const created = await create('Late');
    const row = 'x,,Paris,\n';
    const half = row.repeat(20_000);
    await upload(created, Buffer.from(`id,mail,city,sms\n${half}${'y,,Málaga,\n'.repeat(100)}${half}`, 'latin1'));
    expect(await inspect(created.id)).toMatchObject({ body: { file: { encoding: 'windows-1252' } } });
  });
});

describe('a profile that would become too large', () => {
  it('does not hide that a no could not be written', async () => {
    const { writePeople } = await import('../../../lambdas/audience/write-people.ts');
    const ports = await portsOf();
    const input = { attributes: { a: 'x'.repeat(40_000) } };
    const fat = { profileId: 'fat', input, statements: [{ consents: { email: false } }], counted: 1, line: 2 };
    const piece = { batch: 'p/1', step: 0 };
    const grantConsents = () => Promise.reject(new Error('throttled'));
    await expect(writePeople({ ...ports, grantConsents }, [fat], piece, 1)).rejects.toThrow('throttled');
    expect(await writePeople(ports, [fat], piece, 2)).toMatchObject({ refused: 1, tooLarge: [fat] });
    expect((await world.item('Contacts', 'fat'))?.['c#email']).toEqual({ BOOL: false });
    expect(ports.consents.at(-1)).toMatchObject({ profile_id: 'fat', consent: 'email', given: false });
  });
  it('is told in the errors file, and counted as refused', async () => {
    const wide = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`c${n}`, `attributes.c${n}`]));
    const names = Object.keys(wide);
    const row = (id: string, size: number) => [id, ...names.map(() => 'x'.repeat(size))].join(',');
    const text = [`id,${names.join(',')}`, row('w1', 10), row('w2', 1_900), 'w3,1,,,'].join('\n');
    const done = await run('Wide', text, { mapping: { id: 'profileId', ...wide } });
    expect(done.progress).toMatchObject({ rows: 3, imported: 1, refused: 2 });
    expect(await errorsOf(done)).toEqual([
      { line: 4, column: '', message: '5 columns instead of 21', excerpt: 'w3,1,,,' },
      { line: 3, column: '', message: 'the profile becomes too large', excerpt: 'w2' },
    ]);
  });
});

describe('a file that cannot be used', () => {
  it.each<[string, Buffer, RegExp]>([
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), /gzip; unpack it/],
    ['empty', Buffer.alloc(0), /empty/],
    ['without a column', Buffer.from('id,city\n'), /lacks "mail", "sms"/],
  ])('%s is refused at the start, with its reason', async (name, file, reason) => {
    const created = await create(name);
    await upload(created, file);
    for (const action of ['start', 'check'])
      expect(await act(created.id, action)).toMatchObject({
        status: 422,
        body: { type: '/problems/unusable-file', detail: expect.stringMatching(reason) },
      });
    expect((await get(created.id)).state).toBe('created');
  });

  it('of one endless line fails with its reason, and is not retried; nobody is imported', async () => {
    const done = await run('Endless', `id,mail,city,sms\nh1,,Rome,\n${'x'.repeat(5_000_000)}`);
    expect(done).toMatchObject({ state: 'failed', reason: expect.stringMatching(/Line 3 is longer than/) });
    expect(await world.item('Profiles', 'h1')).toBeUndefined();
  });

  it('replaced while it is being read stops the import, which then reads the new one', async () => {
    // A column that is not imported makes the file larger than a step.
    const rows = (city: string) => Array.from({ length: 80 }, (_, n) => `h${n},,${city},,${'x'.repeat(60_000)}\n`);
    const file = (city: string) => `id,mail,city,sms,note\n${rows(city).join('')}`;
    const created = await create('Swapped');
    await upload(created, file('Paris'));
    await start(created.id);
    await read(taskOf(created.id), hurried);
    expect(await get(created.id)).toMatchObject({ state: 'running' });
    await upload(created, file('Milan'));
    expect(await read(taskOf(created.id), forever)).toEqual({ next: 'end', lanes: [] });
    expect(await get(created.id)).toMatchObject({ state: 'failed', reason: expect.stringMatching(/replaced/) });
    const again = (await start(created.id)).body as Import;
    expect(again).toMatchObject({ state: 'running', progress: { rows: 0, bytesDone: 22 } });
    expect(again.reason).toBeUndefined();
    await execute(created.id);
    expect((await get(created.id)).progress).toMatchObject({ rows: 80, created: 80 });
    expect(JSON.parse((await world.item('Profiles', 'h3'))?.body?.S ?? '')).toMatchObject({
      attributes: { city: 'Milan' },
    });
  });

  it('after its lanes have written is written anew from another file', async () => {
    const created = await create('Anew');
    await upload(created, 'id,mail,city,sms\no1,,Paris,\n');
    await start(created.id);
    await read(taskOf(created.id), forever);
    await write({ ...taskOf(created.id), lane: 0 }, forever);
    await finish({ ...taskOf(created.id), failure: {} });
    await upload(created, 'id,mail,city,sms\no1,,Rome,\no2,,Rome,\n');
    await start(created.id);
    await execute(created.id);
    expect((await get(created.id)).progress).toMatchObject({ rows: 2, created: 1, changed: 1 });
  });
});

describe('the API', () => {
  it('starts only what is uploaded, and once', async () => {
    const created = await create('Early');
    expect(await start(created.id)).toMatchObject({
      status: 409,
      body: { type: '/problems/state-conflict', detail: 'Upload the file first: POST it to upload.url' },
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
  it('gives another form for the upload', async () => {
    const created = await create('Renewed');
    const renewed = (await act(created.id, 'upload')).body as { upload: Upload };
    await uploadFile(renewed.upload, 'id,mail,city,sms\n');
    expect((await start(created.id)).status).toBe(200);
  });
  it.each(['ZZZ', 'fr', 'XQ'])('refuses the country %s', async (defaultCountry) => {
    const body = { name: 'x', mapping, defaultCountry };
    expect((await call(imports, { route: 'POST /v1/imports', body })).status).toBe(400);
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
  await defs.put('import', 'pending', { state: 'running', run: 1 }, 0, 1, [
    { effect: 'start-execution', machine: 'import-profiles', name: 'n', input: {} },
  ]);
  await expect(read({ importId: 'pending', run: 1 }, forever)).rejects.toMatchObject({ name: 'NotReady' });
});

it('lists at most 10,000 errors, and counts all', { timeout: 60_000 }, async () => {
  const rows = Array.from({ length: 12_000 }, (_, n) => `h${n},bad,,`);
  const done = await run('Bad', ['id,mail,city,sms', ...rows].join('\n'));
  expect(done.progress).toMatchObject({ imported: 0, refused: 12_000 });
  expect(await errorsOf(done)).toHaveLength(10_000);
});
