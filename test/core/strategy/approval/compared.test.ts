import { expect, test } from 'vitest';
import type { Approvable, Approval } from '../../../../core/strategy/approval/approval.ts';
import { comparedHashes } from '../../../../core/strategy/approval/compared.ts';

const past = (hash: string, outcome: 'approved' | 'revoked' | 'rejected' | 'withdrawn') => ({
  hash,
  submission: 1,
  outcome,
});
const thing = (history: ReturnType<typeof past>[], hash?: string): Approvable => ({
  ...{ id: 'c', version: 1, state: 'in review', author: 'mia', editors: [], history },
  ...(hash && { approval: { hash } as Approval }),
});

test.each<[string, Approvable, { from?: string; to?: string }, ReturnType<typeof comparedHashes>]>([
  ['never submitted', thing([]), {}, undefined],
  ['for the first time all is new', thing([], 'a'), {}, { from: null, to: 'a' }],
  ['against what was submitted before', thing([past('a', 'rejected')], 'b'), {}, { from: 'a', to: 'b' }],
  [
    'against what was approved last, though more was submitted since',
    thing([past('a', 'approved'), past('b', 'approved'), past('c', 'rejected')], 'd'),
    {},
    { from: 'b', to: 'd' },
  ],
  [
    'against what was approved and taken back',
    thing([past('a', 'revoked'), past('b', 'rejected')], 'c'),
    {},
    { from: 'a', to: 'c' },
  ],
  [
    'a draft again: what was submitted last',
    thing([past('a', 'rejected'), past('b', 'withdrawn')]),
    {},
    { from: 'a', to: 'b' },
  ],
  ['an older one', thing([past('a', 'rejected'), past('b', 'rejected')], 'c'), { to: 'b' }, { from: 'a', to: 'b' }],
  [
    'two by name',
    thing([past('a', 'rejected'), past('b', 'rejected')], 'c'),
    { from: 'a', to: 'c' },
    { from: 'a', to: 'c' },
  ],
  ['unknown', thing([past('a', 'rejected')], 'c'), { from: 'x' }, undefined],
  ['unknown', thing([past('a', 'rejected')], 'c'), { to: 'x' }, undefined],
])('%s', (_, it, asked, expected) => expect(comparedHashes(it, asked)).toEqual(expected));
