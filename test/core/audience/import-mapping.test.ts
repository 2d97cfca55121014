import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  foldRows,
  type ImportRow,
  importMapping,
  importRow,
  layoutOf,
  misfit,
} from '../../../core/audience/import-mapping.ts';
import { mergeProfile, type Profile } from '../../../core/audience/profile.ts';

describe('a mapping', () => {
  it.each([
    [{ id: 'profileId' }],
    [{ id: 'profileId', mail: 'email', tel: 'phone', token: 'pushToken', tz: 'timeZone', lang: 'locale' }],
    [
      {
        id: 'profileId',
        age: 'attributes.age:number',
        vip: 'attributes.vip:boolean',
        city: 'attributes.city',
        x: 'attributes.x:string',
      },
    ],
    [{ id: 'profileId', a: 'consent.sms', b: 'consent.email/offers' }],
  ])('takes %j', (mapping) => expect(importMapping.safeParse(mapping).success).toBe(true));
  it.each<[string, unknown]>([
    ['nobody to import', {}],
    ['no profileId', { mail: 'email' }],
    ['two profileIds', { a: 'profileId', b: 'profileId' }],
    ['two columns for one field', { a: 'profileId', b: 'email', c: 'email' }],
    ['two types for one attribute', { a: 'profileId', b: 'attributes.x:number', c: 'attributes.x' }],
    ['an unknown field', { a: 'profileId', b: 'password' }],
    ['an unknown channel', { a: 'profileId', b: 'consent.fax' }],
    ['an unknown type', { a: 'profileId', b: 'attributes.x:date' }],
    ['a name that is none', { a: 'profileId', b: 'attributes.first name' }],
    ['a list', ['profileId']],
  ])('refuses %s', (_, mapping) => expect(importMapping.safeParse(mapping).success).toBe(false));
});

describe('a header', () => {
  const mapping = { id: 'profileId', Mail: 'email' };
  it('may have other columns, in any order, with blanks around', () => {
    expect(layoutOf(mapping, [' Mail', 'other', 'id '])).toEqual({
      columns: 3,
      fields: [
        { index: 2, column: 'id', target: 'profileId' },
        { index: 0, column: 'Mail', target: 'email' },
      ],
    });
  });
  it('must have every mapped column', () => {
    expect(layoutOf(mapping, ['id', 'mail'])).toEqual({ problem: 'The header lacks "Mail"; it has "id", "mail"' });
  });
  it('must have it once', () => {
    expect(layoutOf(mapping, ['id', 'Mail', 'Mail'])).toEqual({ problem: 'The header has "Mail" more than once' });
  });
});

const targets = {
  id: 'profileId',
  mail: 'email',
  tel: 'phone',
  tz: 'timeZone',
  lang: 'locale',
  token: 'pushToken',
  city: 'attributes.city',
  age: 'attributes.age:number',
  vip: 'attributes.vip:boolean',
  sms: 'consent.sms',
  offers: 'consent.email/offers',
};
const columns = Object.keys(targets);
const layout = layoutOf(targets, columns);
if ('problem' in layout) throw new Error(layout.problem);
const row = (cells: Partial<Record<keyof typeof targets, string>>) =>
  importRow(
    layout,
    columns.map((column) => cells[column as 'id'] ?? ''),
  );

describe('a row', () => {
  it('is read by its mapping', () => {
    expect(
      row({
        id: ' 007 ',
        mail: 'a@example.com',
        tel: '+33 6 12-34.56 78',
        tz: 'Europe/Paris',
        lang: 'fr-FR',
        token: 't',
        city: 'Paris',
        age: '36.5',
        vip: 'Yes',
        sms: 'no',
        offers: '1',
      }),
    ).toEqual({
      profileId: '007',
      input: {
        email: 'a@example.com',
        phone: '+33612345678',
        timeZone: 'Europe/Paris',
        locale: 'fr-FR',
        pushToken: 't',
        attributes: { city: 'Paris', age: 36.5, vip: true },
      },
      consents: { sms: false, 'email/offers': true },
    });
  });
  it('says nothing with blank cells', () =>
    expect(row({ id: 'a', city: '  ' })).toEqual({ profileId: 'a', input: {}, consents: {} }));
  it.each([
    ['0033 6 12 34 56 78', '+33612345678'],
    ['+1 (202) 555-0100', '+12025550100'],
  ])('dials %s', (tel, phone) => expect(row({ id: 'a', tel })).toMatchObject({ input: { phone } }));
  it.each<[Parameters<typeof row>[0], string, RegExp]>([
    [{}, 'id', /no profile id/],
    [{ id: 'x'.repeat(129) }, 'id', /not a profile id/],
    [{ id: 'anonymous:laptop' }, 'id', /not a profile id/],
    [{ id: 'a', mail: 'a@' }, 'mail', /not an email/],
    [{ id: 'a', mail: 'a b@example.com' }, 'mail', /not an email/],
    [{ id: 'a', tel: '0612345678' }, 'tel', /country code/],
    [{ id: 'a', tel: 'none' }, 'tel', /country code/],
    [{ id: 'a', tz: 'Paris' }, 'tz', /time zone/],
    [{ id: 'a', tz: '+02:00' }, 'tz', /time zone/],
    [{ id: 'a', lang: 'français' }, 'lang', /locale/],
    [{ id: 'a', age: '12,5' }, 'age', /not a number/],
    [{ id: 'a', age: '0x10' }, 'age', /not a number/],
    [{ id: 'a', age: 'NaN' }, 'age', /not a number/],
    [{ id: 'a', age: '1e999' }, 'age', /not a number/],
    [{ id: 'a', vip: 'maybe' }, 'vip', /yes or no/],
    [{ id: 'a', sms: 'x' }, 'sms', /yes or no/],
    [{ id: 'a', city: 'a\u0000' }, 'city', /NUL/],
    [{ id: 'a', city: 'x'.repeat(2_001) }, 'city', /./],
  ])('%j is refused for %s', (cells, column, message) => {
    expect(row(cells)).toEqual({ problems: [{ column, message: expect.stringMatching(message) }] });
  });
  it('tells all that is wrong', () => {
    const result = row({ mail: 'x', age: 'y', sms: 'z' });
    expect('problems' in result && result.problems.map(({ column }) => column).sort()).toEqual([
      'age',
      'id',
      'mail',
      'sms',
    ]);
  });
  it('cannot reach the prototype', () => {
    const odd = layoutOf({ id: 'profileId', a: 'attributes.constructor' }, ['id', 'a']);
    if ('problem' in odd) throw new Error();
    expect(importRow(odd, ['x', 'y'])).toEqual({
      profileId: 'x',
      input: { attributes: { constructor: 'y' } },
      consents: {},
    });
  });
});

it('a line break in an address is a broken quote, in an attribute it is not', () => {
  const cells = (name: string) => columns.map((column) => (column === name ? 'a\nb' : 'x'));
  expect(misfit(layout, cells('city'))).toBeUndefined();
  expect(misfit(layout, cells('mail'))).toMatch(/mail/);
  expect(misfit(layout, ['a'])).toBe('1 columns instead of 11');
});

it('folding rows is importing them one by one', () => {
  const value = fc.constantFrom('a', 'b');
  const anyRow: fc.Arbitrary<ImportRow> = fc.record({
    profileId: fc.constantFrom('p', 'q'),
    input: fc.record(
      {
        locale: fc.constantFrom('fr', 'en'),
        attributes: fc.dictionary(fc.constantFrom('x', 'y'), value, { noNullPrototype: true }),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
    consents: fc.dictionary(fc.constantFrom('sms', 'email'), fc.boolean(), { noNullPrototype: true }),
  });
  const apply = (rows: ImportRow[], consents: Record<string, Record<string, boolean>>) => {
    const people: Record<string, Profile> = {};
    const given = structuredClone(consents);
    for (const one of rows) {
      const merged = mergeProfile(one.profileId, people[one.profileId], one.input, 0) ?? people[one.profileId];
      if (merged) people[one.profileId] = { ...merged, version: 1 };
      given[one.profileId] ??= {};
      const known = given[one.profileId] ?? {};
      for (const [key, yes] of Object.entries(one.consents)) known[key] = yes ? (known[key] ?? true) : false;
    }
    return { people, given };
  };
  fc.assert(
    fc.property(
      fc.array(anyRow, { maxLength: 6 }),
      fc.dictionary(fc.constantFrom('p', 'q'), fc.record({ sms: fc.boolean() }), { noNullPrototype: true }),
      (rows, before) => {
        expect(apply(foldRows(rows), before)).toEqual(apply(rows, before));
      },
    ),
  );
});
