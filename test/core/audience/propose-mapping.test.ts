import { describe, expect, it } from 'vitest';
import { importMapping } from '../../../core/audience/import-mapping.ts';
import { proposeMapping, targetByName } from '../../../core/audience/propose-mapping.ts';

describe('a column called', () => {
  it.each<[string, string | undefined]>([
    ...[
      'id',
      'ID',
      'customer_id',
      'customerId',
      'Customer No.',
      'Kundennummer',
      'Kunden-Nr',
      'external_id',
      '客户编号',
      'user.id',
    ].map((name): [string, string] => [name, 'profileId']),
    ...[
      'email',
      'E-Mail',
      'Email Address',
      'e_mail',
      'Mail',
      'Courriel',
      'Adresse e-mail',
      'Correo electrónico',
      'indirizzo email',
      'メールアドレス',
      'электронная почта',
      '邮箱',
      'contact.email',
    ].map((name): [string, string] => [name, 'email']),
    ...[
      'phone',
      'Phone Number',
      'mobile',
      'Mobile phone',
      'Téléphone',
      'Numéro de téléphone',
      'Handy',
      'Telefonnummer',
      'móvil',
      'celular',
      '電話番号',
      '手机号',
    ].map((name): [string, string] => [name, 'phone']),
    ...['unsubscribed', 'unsubscribed_at', 'opt_out', 'OptOut', 'opted out', 'Abgemeldet', 'désabonné', '退订'].map(
      (name): [string, string] => [name, 'unsubscribed'],
    ),
    ['email_opt_out', 'unsubscribed.email'],
    ['SMS unsubscribed', 'unsubscribed.sms'],
    ['email_opt_in', 'consent.email'],
    ['sms_ok', 'consent.sms'],
    ['push consent', 'consent.push'],
    ['First Name', 'attributes.firstName'],
    ['Vorname', 'attributes.firstName'],
    ['prénom', 'attributes.firstName'],
    ['Nachname', 'attributes.lastName'],
    ['apellidos', 'attributes.lastName'],
    ['ciudad', 'attributes.city'],
    ['time_zone', 'timeZone'],
    ['Zeitzone', 'timeZone'],
    ['часовой пояс', 'timeZone'],
    ['locale', 'locale'],
    ['push_token', 'pushToken'],
    ['order_id', undefined],
    ['notes', undefined],
    ['', undefined],
  ])('%s becomes %s', (name, target) => expect(targetByName(name)).toBe(target));
});

describe('a proposal', () => {
  it('maps names, types the rest, and is a mapping', () => {
    const names = [
      'customer_id',
      'E-Mail',
      'Vorname',
      'Loyalty Points',
      'VIP',
      'Zip',
      'Größe',
      'unsubscribed',
      'notes',
    ];
    const rows = [
      ['1', 'a@x.org', 'Ada', '12.5', 'yes', '01234', 'L', '', 'x'],
      ['2', 'b@x.org', 'Bob', '7', 'no', '99999', 'M', '2024-01-01', ''],
    ];
    const proposed = proposeMapping(names, rows);
    expect(proposed).toEqual({
      customer_id: 'profileId',
      'E-Mail': 'email',
      Vorname: 'attributes.firstName',
      'Loyalty Points': 'attributes.loyaltyPoints:number',
      VIP: 'attributes.vip:boolean',
      Zip: 'attributes.zip',
      unsubscribed: 'unsubscribed',
      notes: 'attributes.notes',
    });
    expect(importMapping.safeParse(proposed).success).toBe(true);
  });
  it('takes the address for the id where there is none', () => {
    expect(proposeMapping(['mail', 'name'], [['a@x.org', 'Ada']])).toEqual({
      mail: ['profileId', 'email'],
      name: 'attributes.name',
    });
    expect(proposeMapping(['mobile'], [['+33612345678']])).toEqual({ mobile: ['profileId', 'phone'] });
  });
  it('looks at what is in a column whose name says nothing', () => {
    expect(
      proposeMapping(
        ['#1', '#2', '#3'],
        [
          ['x', 'a@x.org', '+33612345678'],
          ['y', 'b@x.org', ''],
        ],
      ),
    ).toEqual({
      '#2': ['profileId', 'email'],
      '#3': 'phone',
    });
  });
  it('does not believe a name against its values', () => {
    expect(
      proposeMapping(
        ['id', 'language', 'mail'],
        [
          ['1', 'English', 'a@x.org'],
          ['1', 'German', 'b@x.org'],
        ],
      ),
    ).toEqual({
      id: 'attributes.id:number',
      language: 'attributes.language',
      mail: ['profileId', 'email'],
    });
  });
  it('of two columns for the same takes the first, the other becomes an attribute', () => {
    const proposed = proposeMapping(['id', 'email', 'email 2', 'Mail'], [['1', 'a@x.org', 'b@x.org', 'c@x.org']]);
    expect(proposed).toEqual({
      id: 'profileId',
      email: 'email',
      'email 2': 'attributes.email2',
      Mail: 'attributes.mail',
    });
  });
  it('leaves out a column without a name, or with one twice', () => {
    expect(proposeMapping(['id', '', 'x', 'x'], [['1', 'a', 'b', 'c']])).toEqual({
      id: 'profileId',
      x: 'attributes.x',
    });
  });
});
