import { expect, test } from 'vitest';
import { CHANNELS } from '../../core/delivery/channel.ts';
import { type Upload, uploadFile } from '../../scripts/client.ts';
import { boot, bootLocal, type Herald, localTest } from './boot.ts';

/** What somebody who unsubscribed is left with. */
const nothing = Object.fromEntries(CHANNELS.map((channel) => [channel, false]));

type Counts = Record<
  'rows' | 'imported' | 'created' | 'changed' | 'unchanged' | 'refused' | 'bytesDone' | 'bytesTotal',
  number
>;
type Import = {
  id: string;
  upload: Upload;
  state: string;
  reason?: string;
  progress: Counts;
  errorsUrl?: string;
  check?: { errors: object[]; sample: { profileId: string; outcome: string; changes: string[] }[] };
};
type Inspection = { file: Record<string, unknown>; columns: { name: string }[]; mapping: Record<string, string> };

const HOUR = 3_600_000;

/** What a marketer does, by the API. */
const wizard = ({ api, as, until, own }: Herald) => {
  const mia = (body?: unknown) => as('marketer-mia', body);
  const it = {
    create: async (body: object = {}) => api.must<Import>('POST /v1/imports', await mia({ name: 'People', ...body })),
    act: async (id: string, action: string, body: object = {}) =>
      api.must<Import>(`POST /v1/imports/${id}/${action}`, await mia(body)),
    inspect: async (id: string) => api.must<Inspection>(`GET /v1/imports/${id}/inspection`, await mia()),
    change: async (id: string, body: object) =>
      api.must<Import>(`PUT /v1/imports/${id}`, await mia({ name: 'People', ...body })),
    get: async (id: string) => api.must<Import>(`GET /v1/imports/${id}`, await mia()),
    reach: (id: string, ...states: string[]) =>
      until<Import>(`GET /v1/imports/${id}`, 'marketer-mia', ({ state }) => states.includes(state), HOUR),
    ended: (id: string) => it.reach(id, 'finished', 'failed', 'cancelled'),
    async importFile(file: string | Uint8Array, mapping: object, more: object = {}) {
      const { id, upload } = await it.create({ mapping, ...more });
      await uploadFile(upload, file);
      await it.act(id, 'start');
      return it.ended(id);
    },
    errors: async ({ errorsUrl = '' }: Import) =>
      (await (await fetch(errorsUrl)).text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    profile: async (name: string) =>
      api.must<Record<string, unknown>>(`GET /v1/profiles/${own(name)}`, await as('viewer-vera')),
    consents: async (name: string) =>
      (await api.must<{ consents: object }>(`GET /v1/profiles/${own(name)}/contact`, await as('viewer-vera'))).consents,
  };
  return it;
};

const COUNTS = { rows: 0, imported: 0, created: 0, changed: 0, unchanged: 0, refused: 0 };

test('a dirty file goes in: inspected, mapped as proposed, checked, imported, and every bad cell is named', async () => {
  const herald = await boot();
  const { create, inspect, change, act, reach, ended, errors, profile, consents } = wizard(herald);
  const id = (name: string) => herald.own(name);
  const text = [
    'Kundennummer;E-Mail;Vorname;Handy;Zeitzone;Abgemeldet;Bemerkung',
    `${id('k1')};Ada@EXAMPLE.com;Zoë;0171 1234567;Europe/Berlin;;"sagt ""hallo"""`,
    `${id('k2')};nicht@;Jörg;12;Berlin;nein;x`,
    `${id('k3')};bob@example.com;"Bob`,
    `${id('k4')};eve@example.com;Eve;+33 6 12 34 56 78;;ja;"zwei`,
    'Zeilen"',
    ';;;;;;',
    '',
    ';niemand@example.com;X;;;;',
    `${id('k5')};kurz`,
    `${id('k6')};;Kläre;;;vielleicht;`,
    '',
  ].join('\r\n');
  const created = await create();
  await uploadFile(created.upload, Buffer.from(text, 'latin1'));

  const seen = await inspect(created.id);
  expect(seen.file).toEqual({ format: 'csv', encoding: 'windows-1252', delimiter: ';', header: true });
  expect(seen.mapping).toMatchObject({
    Kundennummer: 'profileId',
    'E-Mail': 'email',
    Vorname: 'attributes.firstName',
    Handy: 'phone',
    Abgemeldet: 'unsubscribed',
  });
  const mapping = { ...seen.mapping, Zeitzone: 'timeZone' };
  await change(created.id, { mapping, file: seen.file, defaultCountry: 'DE' });

  await act(created.id, 'check');
  const checked = await reach(created.id, 'checked');
  expect(checked.progress).toMatchObject({ rows: 7, refused: 5, imported: 0 });
  expect(checked.check?.sample.map(({ profileId, outcome }) => [profileId, outcome])).toEqual([
    [id('k1'), 'create'],
    [id('k4'), 'create'],
  ]);
  await expect(profile('k1')).rejects.toThrow(/404/);

  await act(created.id, 'start');
  const done = await ended(created.id);
  expect(done).toMatchObject({
    state: 'finished',
    progress: {
      ...COUNTS,
      rows: 7,
      imported: 2,
      created: 2,
      refused: 5,
      bytesDone: text.length,
      bytesTotal: text.length,
    },
  });
  expect((await errors(done)).map(({ line, column, value }) => [line, column, value])).toEqual([
    [3, 'E-Mail', 'nicht@'],
    [3, 'Handy', '12'],
    [3, 'Zeitzone', 'Berlin'],
    [4, '', undefined],
    [9, 'Kundennummer', ''],
    [10, '', undefined],
    [11, 'Abgemeldet', 'vielleicht'],
  ]);
  expect(await profile('k1')).toMatchObject({
    email: 'Ada@example.com',
    phone: '+491711234567',
    timeZone: 'Europe/Berlin',
    attributes: { firstName: 'Zoë', bemerkung: 'sagt "hallo"' },
  });
  expect(await profile('k4')).toMatchObject({ phone: '+33612345678', attributes: { bemerkung: 'zwei\r\nZeilen' } });
  expect(await consents('k4')).toEqual(nothing);
});

test('whoever unsubscribed stays so, whatever a file says; and a file can unsubscribe', async () => {
  const herald = await boot();
  const { importFile, consents } = wizard(herald);
  const id = herald.own('u1');
  const says = async (given: object) =>
    herald.api.must(`PUT /v1/profiles/${id}/consents`, await herald.as('marketer-mia', { consents: given }));
  await says({ email: false, 'sms/news': true });
  const mapping = {
    id: 'profileId',
    mail: 'consent.email',
    news: 'consent.email/news',
    sms: 'consent.sms',
    left: 'unsubscribed',
  };
  await importFile(`id,mail,news,sms,left\n${id},yes,yes,yes,\n`, mapping);
  expect(await consents('u1')).toEqual({ email: false, sms: true, 'sms/news': true });
  await importFile(`id,mail,news,sms,left\n${id},yes,yes,yes,2024-03-01\n`, mapping);
  expect(await consents('u1')).toEqual({ ...nothing, 'sms/news': false });
  // A person may come back by what they say themselves, and a list of addresses brings nobody back.
  await says({ sms: true });
  await importFile(`id,mail,news,sms,left\n${id},yes,yes,yes,no\n`, mapping);
  expect(await consents('u1')).toMatchObject({ sms: true, email: false, push: false });
});

test('the same file again changes nothing', async () => {
  const herald = await boot();
  const { importFile, profile } = wizard(herald);
  const rows = Array.from({ length: 300 }, (_, n) => `${herald.own(`r${n % 250}`)},r${n}@example.com,yes`);
  const csv = ['id,mail,ok', ...rows].join('\n');
  const mapping = { id: 'profileId', mail: 'email', ok: 'consent.email' };
  expect((await importFile(csv, mapping)).progress).toMatchObject({ rows: 300, imported: 300, created: 300 });
  const before = await profile('r7');
  expect(before).toMatchObject({ email: 'r257@example.com', version: 1 });
  expect((await importFile(csv, mapping)).progress).toMatchObject({ rows: 300, imported: 300, unchanged: 300 });
  expect(await profile('r7')).toEqual(before);
});

test.each(['utf16le', 'latin1'] as const)('a file in %s is read as it is', async (encoding) => {
  const herald = await boot();
  const { importFile, profile } = wizard(herald);
  const mark = encoding === 'utf16le' ? '\ufeff' : '';
  const csv = `${mark}id\tcity\r\n${herald.own('e1')}\tMálaga\r\n${herald.own('e2')}\tKöln\r\n`;
  const done = await importFile(Buffer.from(csv, encoding), { id: 'profileId', city: 'attributes.city' });
  expect(done).toMatchObject({ state: 'finished', progress: { created: 2, refused: 0 } });
  expect(await profile('e1')).toMatchObject({ attributes: { city: 'Málaga' } });
  expect(await profile('e2')).toMatchObject({ attributes: { city: 'Köln' } });
});

test('NDJSON is imported by paths, with its types', async () => {
  const herald = await boot();
  const { create, inspect, act, ended, change, profile } = wizard(herald);
  const lines = [
    {
      user: { id: herald.own('j1'), contact: { mail: 'j1@example.com' } },
      points: 12.5,
      tags: ['a', 'b'],
      optOut: false,
    },
    { user: { id: herald.own('j2') }, points: null, tags: [], optOut: true },
  ].map((object) => JSON.stringify(object));
  const created = await create();
  await uploadFile(created.upload, `${lines.join('\n')}\n{"user":\n`);
  const { file, mapping } = await inspect(created.id);
  expect(file).toMatchObject({ format: 'ndjson' });
  expect(mapping).toMatchObject({ 'user.id': 'profileId', 'user.contact.mail': 'email', optOut: 'unsubscribed' });
  await change(created.id, { mapping: { ...mapping, points: 'attributes.points', tags: 'attributes.tags' } });
  await act(created.id, 'start');
  expect((await ended(created.id)).progress).toMatchObject({ rows: 3, created: 2, refused: 1 });
  expect(await profile('j1')).toMatchObject({
    email: 'j1@example.com',
    attributes: { points: 12.5, tags: ['a', 'b'] },
  });
});

test('files that are none are refused at once, with what to do', async () => {
  const herald = await boot();
  const { create } = wizard(herald);
  const mapping = { id: 'profileId' };
  for (const [file, detail] of [
    [Buffer.alloc(0), /empty/],
    [Buffer.from('PK\u0003\u0004…'), /save it as CSV/],
    [Buffer.from([0x1f, 0x8b, 8, 0, 0]), /unpack it/],
    [Buffer.from('name,mail\nx,y\n'), /lacks "id"/],
  ] as const) {
    const { id, upload } = await create({ mapping });
    await uploadFile(upload, file);
    const reply = await herald.api.call(`POST /v1/imports/${id}/start`, await herald.as('marketer-mia', {}));
    expect(reply).toMatchObject({
      status: 422,
      body: { type: '/problems/unusable-file', detail: expect.stringMatching(detail) },
    });
  }
});

test('a viewer looks and imports nothing', async () => {
  const herald = await boot();
  const { create } = wizard(herald);
  const { id } = await create();
  const vera = await herald.as('viewer-vera', {});
  for (const route of [
    '',
    `/${id}/check`,
    `/${id}/start`,
    `/${id}/pause`,
    `/${id}/resume`,
    `/${id}/cancel`,
    `/${id}/upload`,
  ])
    expect((await herald.api.call(`POST /v1/imports${route}`, vera)).status, route).toBe(403);
  expect((await herald.api.call(`GET /v1/imports/${id}`, await herald.as('viewer-vera'))).status).toBe(200);
});

/** 600 people and, of some, newer rows further down, wide enough for several steps and lanes. */
const bigFile = () => {
  const row = (n: number, city: string) => `b${n},b${n}@example.com,${city},yes,${'x'.repeat(10_000)}`;
  const first = Array.from({ length: 600 }, (_, n) => row(n, 'Paris'));
  const second = Array.from({ length: 60 }, (_, n) => row(n * 10, 'Rome'));
  return ['id,mail,city,ok,note', ...first, ...second].join('\n');
};
const BIG = { id: 'profileId', mail: 'email', city: 'attributes.city', ok: 'consent.email' };

localTest(
  'needs to stop between two steps',
  'an import is paused, goes on where it stopped, and another is cancelled',
  async () => {
    const herald = await bootLocal();
    const { create, act, get, ended } = wizard(herald);
    const begin = async () => {
      const { id, upload } = await create({ mapping: BIG });
      await uploadFile(upload, bigFile());
      await act(id, 'start');
      return id;
    };
    const id = await begin();
    expect((await act(id, 'pause')).state).toBe('paused');
    await herald.cloud.clock.advance(10 * 60_000);
    const paused = await get(id);
    expect([paused.state, paused.progress.imported]).toEqual(['paused', 0]);
    await act(id, 'resume');
    const done = await ended(id);
    expect(done).toMatchObject({ state: 'finished', progress: { rows: 660, imported: 660, refused: 0 } });

    const other = await begin();
    expect((await act(other, 'cancel')).state).toBe('cancelled');
    await herald.cloud.clock.advance(10 * 60_000);
    expect(await get(other)).toMatchObject({ state: 'cancelled', progress: { imported: 0 } });
  },
);

localTest(
  'needs faults',
  'functions that die before or after their work lose nothing and count nothing twice',
  async () => {
    for (const seed of [1, 2]) {
      const herald = await bootLocal({ faults: { seed, crashBefore: 0.2, crashAfter: 0.3 } });
      const { create, act, ended, get, profile } = wizard(herald);
      // The API's own calls may die too, and answer 500: a person would try again, so the test does.
      const patient = async <T>(call: () => Promise<T>, otherwise?: () => Promise<boolean>): Promise<T | undefined> => {
        for (let attempt = 1; ; attempt += 1) {
          try {
            return await call();
          } catch (error) {
            if (await otherwise?.().catch(() => false)) return undefined;
            if (attempt === 30) throw error;
          }
        }
      };
      const created = (await patient(() => create({ mapping: BIG }))) as Import;
      await uploadFile(created.upload, bigFile());
      await patient(
        () => act(created.id, 'start'),
        async () => (await get(created.id)).state !== 'created',
      );
      const done = (await patient(() => ended(created.id))) as Import;
      expect(done.progress).toMatchObject({ rows: 660, imported: 660, refused: 0 });
      expect(done.progress.created + done.progress.changed).toBe(660);
      expect(await patient(() => profile('b10'))).toMatchObject({ attributes: { city: 'Rome' } });
      expect(await patient(() => profile('b11'))).toMatchObject({ attributes: { city: 'Paris' } });
      expect(herald.cloud.injected.crashAfter).toBeGreaterThan(0);
    }
  },
);
