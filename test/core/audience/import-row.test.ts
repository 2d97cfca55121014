import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heardAll } from '../../../core/audience/import-consents.ts';
import { layoutOf } from '../../../core/audience/import-mapping.ts';
import { peopleOf, type SpooledRow } from '../../../core/audience/import-people.ts';
import { importRow } from '../../../core/audience/import-row.ts';
import { mergeProfile, type Profile } from '../../../core/audience/profile.ts';
import { CHANNELS } from '../../../core/delivery/channel.ts';

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
  any: 'attributes.any',
  sms: 'consent.sms',
  offers: 'consent.email/offers',
  left: 'unsubscribed',
  noMail: 'unsubscribed.email',
};
const columns = Object.keys(targets);
const layout = layoutOf(targets, columns);
const row = (cells: Partial<Record<keyof typeof targets, unknown>>, country?: string) =>
  importRow(
    layout,
    columns.map((column) => cells[column as 'id'] ?? ''),
    country,
  );

describe('a row', () => {
  it('is read by its mapping', () => {
    expect(
      row({
        id: ' 007 ',
        mail: 'Ada.L@EXAMPLE.com',
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
        email: 'Ada.L@example.com',
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
    ['+33612345678', '+33612345678'],
    ['tel:+1-202-555-0100', '+12025550100'],
    ['06 12 34 56 78', '+33612345678', 'FR'],
    ['(202) 555-0100', '+12025550100', 'US'],
    ['0171/1234567', '+491711234567', 'DE'],
    ['+44 7911 123456', '+447911123456', 'FR'],
    ['00 44 7911 123456', '+447911123456', 'US'],
  ])('dials %s', (tel, phone, country?: string) =>
    expect(row({ id: 'a', tel }, country)).toMatchObject({ input: { phone } }),
  );
  it.each([
    ['06 12 34', 'FR'],
    ['3.36123E+10', 'FR'],
    ['call me', 'FR'],
    ['0612345678', 'AQ'],
    ['+33', undefined],
    ['+999123456789', undefined],
  ])('does not dial %s', (tel, country) =>
    expect(row({ id: 'a', tel }, country)).toMatchObject({ problems: [{ column: 'tel', value: tel }] }),
  );
  it.each<[Parameters<typeof row>[0], string, RegExp]>([
    [{}, 'id', /no profile id/],
    [{ id: 'x'.repeat(129) }, 'id', /not a profile id/],
    [{ id: 'anonymous:laptop' }, 'id', /not a profile id/],
    // Two people whose ids a program has rounded would become one.
    [{ id: 2 ** 53 }, 'id', /quote it/],
    [{ id: 1.5 }, 'id', /quote it/],
    [{ id: '4.00638E+12' }, 'id', /spreadsheet/],
    [{ id: '4,00638e+12' }, 'id', /spreadsheet/],
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
    [{ id: 'a', left: 'perhaps' }, 'left', /yes, no or a date/],
    [{ id: 'a', city: 'a\u0000' }, 'city', /NUL/],
    [{ id: 'a', city: 'x'.repeat(2_001) }, 'city', /./],
  ])('%j is refused for %s', (cells, column, message) => {
    expect(row(cells)).toMatchObject({ problems: [{ column, message: expect.stringMatching(message) }] });
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
    expect(importRow(odd, ['x', 'y'], undefined)).toEqual({
      profileId: 'x',
      input: { attributes: { constructor: 'y' } },
      consents: {},
    });
  });
});

describe('an unsubscribe', () => {
  it.each([
    'yes',
    '1',
    'TRUE',
    'unsubscribed',
    'Opted out',
    '2024-05-01',
    '2024-05-01T10:00:00Z',
    '01/05/2024',
    '1.5.24 10:00',
  ])('%s is one, of all channels', (left) =>
    expect(row({ id: 'a', left })).toMatchObject({ unsubscribed: [...CHANNELS] }),
  );
  it.each(['no', '0', 'false', 'subscribed', 'never', '', '0000-00-00', '0000-00-00 00:00:00'])(
    '%s says nothing',
    (left) => {
      expect(row({ id: 'a', left })).toEqual({ profileId: 'a', input: {}, consents: {} });
    },
  );
  it('may be of one channel', () => {
    expect(row({ id: 'a', noMail: 'yes' })).toMatchObject({ unsubscribed: ['email'] });
  });
  it('counts although the row is refused', () => {
    expect(row({ id: 'a', mail: 'x', left: 'yes', sms: 'no', offers: 'yes' })).toEqual({
      problems: [{ column: 'mail', value: 'x', message: 'not an email address' }],
      no: { profileId: 'a', input: {}, consents: { sms: false }, unsubscribed: [...CHANNELS] },
    });
    expect(row({ id: 'a', mail: 'x', offers: 'yes' })).not.toHaveProperty('no');
    expect(row({ mail: 'x', left: 'yes' })).not.toHaveProperty('no');
  });
});

describe('values of NDJSON', () => {
  it('keep their types where the mapping names none', () => {
    expect(row({ id: 7, any: 1.5, age: 3, vip: true, city: 9, tel: null, sms: false, left: true })).toEqual({
      profileId: '7',
      input: { attributes: { any: 1.5, age: 3, vip: true, city: 9 } },
      consents: { sms: false },
      unsubscribed: [...CHANNELS],
    });
    expect(row({ id: 'a', any: ['x', 'y', 3] })).toMatchObject({ input: { attributes: { any: ['x', 'y', 3] } } });
  });
  it.each<[Parameters<typeof row>[0], string]>([
    [{ id: 'a', any: { b: 1 } }, 'any'],
    [{ id: 'a', any: [{ b: 1 }] }, 'any'],
    [{ id: 'a', age: [1] }, 'age'],
    [{ id: 'a', mail: ['a@example.com'] }, 'mail'],
    [{ id: ['a'] }, 'id'],
  ])('%j is refused for %s', (cells, column) => {
    const result = row(cells);
    expect('problems' in result && result.problems.map((problem) => problem.column)).toEqual([column]);
  });
});

it('names the bad cell, cut short', () => {
  const long = `${'x'.repeat(300)}@`;
  expect(row({ id: 'a', mail: long })).toEqual({
    problems: [{ column: 'mail', value: 'x'.repeat(100), message: 'not an email address' }],
  });
});

it('rows taken together are rows imported one by one', () => {
  const value = fc.constantFrom('a', 'b');
  const consent = fc.constantFrom('sms', 'email', 'email/news', 'email/offers');
  const anyRow = fc.record<SpooledRow, 'profileId' | 'input' | 'consents' | 'line' | 'counted'>(
    {
      profileId: fc.constantFrom('p', 'q'),
      input: fc.record(
        {
          locale: fc.constantFrom('fr', 'en'),
          attributes: fc.dictionary(fc.constantFrom('x', 'y'), value, { noNullPrototype: true }),
        },
        { requiredKeys: [], noNullPrototype: true },
      ),
      consents: fc.dictionary(consent, fc.boolean(), { noNullPrototype: true }),
      unsubscribed: fc.subarray(['sms', 'email']) as fc.Arbitrary<('sms' | 'email')[]>,
      line: fc.constant(1),
      counted: fc.constant(true),
    },
    { requiredKeys: ['profileId', 'input', 'consents', 'line', 'counted'] },
  );
  const apply = (rows: readonly SpooledRow[], before: Record<string, boolean>, pieces: number) => {
    const people: Record<string, Profile> = {};
    const said: Record<string, Record<string, boolean>> = {};
    for (let at = 0; at < rows.length; at += pieces)
      for (const { profileId, input, statements } of peopleOf(rows.slice(at, at + pieces))) {
        const merged = mergeProfile(profileId, people[profileId], input, 0) ?? people[profileId];
        if (merged) people[profileId] = { ...merged, version: 1 };
        const known = said[profileId] ?? { ...before };
        said[profileId] = { ...known, ...heardAll(known, statements) };
      }
    return { people, said };
  };
  const before = fc.dictionary(consent, fc.boolean(), { noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 6 }), before, fc.integer({ min: 2, max: 6 }), (rows, known, pieces) => {
      expect(apply(rows, known, pieces)).toEqual(apply(rows, known, 1));
    }),
  );
});
