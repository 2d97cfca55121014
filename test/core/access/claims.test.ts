import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mayCall, rolesOf } from '../../../core/access/claims.ts';
import { ROLES } from '../../../core/access/role.ts';

test.each([
  ['[marketer approver]', ['marketer', 'approver']],
  ['[viewer]', ['viewer']],
  ['viewer', ['viewer']],
  ['viewer admin', ['viewer', 'admin']],
  // A group may be named so in Cognito: it must not make anybody an admin.
  ['[x,admin viewer]', ['viewer']],
  ['[[admin]]', []],
  [['x admin', '[admin]', 'viewer,admin'], []],
  [
    ['viewer', 'operator'],
    ['viewer', 'operator'],
  ],
  ['[]', []],
  ['', []],
  [[], []],
  [undefined, []],
  [null, []],
  [7, []],
  [{ admin: true }, []],
  ['[administrator]', []],
  ['[super-admin]', []],
  ['[Admin]', []],
  ['[eu-west_1:google viewer]', ['viewer']],
])('%j gives %j', (groups, expected) => expect(rolesOf(groups)).toEqual(expected));

test('whatever form the claim has, the roles are the same', () => {
  const other = fc.stringMatching(/^[a-z0-9_-]{1,12}$/).filter((name) => !(ROLES as readonly string[]).includes(name));
  fc.assert(
    fc.property(fc.subarray([...ROLES]), fc.array(other), (roles, others) => {
      const groups = [...others, ...roles];
      for (const form of [groups, `[${groups.join(' ')}]`, groups.join(' ')]) expect(rolesOf(form)).toEqual(roles);
    }),
  );
});

test('one of the wanted roles is enough, none is not', () => {
  expect(mayCall(['approver', 'admin'], ['viewer', 'approver'])).toBe(true);
  expect(mayCall(['approver', 'admin'], ['viewer', 'marketer'])).toBe(false);
  expect(mayCall(['admin'], [])).toBe(false);
});
