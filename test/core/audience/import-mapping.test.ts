import { describe, expect, it } from 'vitest';
import { UnusableFile } from '../../../core/audience/import-form.ts';
import { fitFields, importMapping, layoutOf } from '../../../core/audience/import-mapping.ts';

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
    [{ id: 'profileId', a: 'unsubscribed', b: 'unsubscribed.sms', c: 'unsubscribed.email/offers' }],
    [{ mail: ['profileId', 'email'] }],
  ])('takes %j', (mapping) => expect(importMapping.safeParse(mapping).success).toBe(true));
  it.each<[string, unknown]>([
    ['nobody to import', {}],
    ['no profileId', { mail: 'email' }],
    ['two profileIds', { a: 'profileId', b: 'profileId' }],
    ['two columns for one field', { a: 'profileId', b: 'email', c: 'email' }],
    ['two types for one attribute', { a: 'profileId', b: 'attributes.x:number', c: 'attributes.x' }],
    ['two columns for one field, one of them among several', { a: ['profileId', 'email'], b: ['email'] }],
    ['a column that becomes nothing', { a: 'profileId', b: [] }],
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
      columns: ['Mail', 'other', 'id'],
      fields: [
        { index: 2, column: 'id', target: { kind: 'profileId' } },
        { index: 0, column: 'Mail', target: { kind: 'email' } },
      ],
    });
  });
  it.each([
    [['id', 'mail'], 'The file lacks "Mail"; it has "id", "mail"'],
    [['id', 'Mail', 'Mail'], 'The header has "Mail" more than once'],
  ])('%j is refused', (header, message) => {
    expect(() => layoutOf(mapping, header)).toThrow(UnusableFile);
    expect(() => layoutOf(mapping, header)).toThrow(message);
  });
  it('is not needed for NDJSON, where the mapping names paths', () => {
    expect(layoutOf({ 'user.id': 'profileId', age: 'attributes.age:number' }, undefined)).toEqual({
      columns: ['user.id', 'age'],
      fields: [
        { index: 0, column: 'user.id', target: { kind: 'profileId' } },
        { index: 1, column: 'age', target: { kind: 'attribute', name: 'age', type: 'number' } },
      ],
    });
  });
});

describe('the fields of a record', () => {
  const layout = layoutOf({ id: 'profileId', mail: 'email', city: 'attributes.city' }, ['id', 'mail', 'city']);
  it.each<[string, string[], unknown]>([
    ['fit', ['1', '', 'x'], ['1', '', 'x']],
    ['may have blanks behind', ['1', '', 'x', '', ' '], ['1', '', 'x']],
    ['may not be more', ['1', '', 'x', 'y'], { problem: '4 columns instead of 3' }],
    ['may not be fewer', ['1', ''], { problem: '2 columns instead of 3' }],
    ['may have line breaks in an attribute', ['1', '', 'a\nb'], ['1', '', 'a\nb']],
    ['may have none in an address', ['1', 'a\nb', ''], { problem: 'a line break in mail: is a quote missing?' }],
  ])('%s', (_, fields, expected) => expect(fitFields(layout, fields)).toEqual(expected));
});
