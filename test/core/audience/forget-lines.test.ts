import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type ForgetLine,
  forgetFacts,
  forgetRecipients,
  forgetRows,
  forgetSampled,
  forgetUnloaded,
} from '../../../core/audience/forget-lines.ts';
import { LAKE } from '../../../core/audience/personal-stores.ts';
import type { UnloadedRow } from '../../../core/audience/segment-queries.ts';
import { CHANNELS } from '../../../core/delivery/channel.ts';
import type { SnapshotMessage } from '../../../core/delivery/messages.ts';
import { cutParts, snapshotPart } from '../../../core/delivery/snapshot-part.ts';

const ada = new Set(['ada', 'anonymous:laptop']);

test.each([
  ['events', { profile_id: 'ada', type: 'visit' }, false],
  ['events', { profile_id: 'anonymous:laptop', type: 'visit' }, false],
  ['events', { profile_id: 'bob', properties: '{"friend":"ada"}' }, true],
  ['events', { profile_id: 'laptop' }, true],
  ['identities', { alias: 'laptop', profile_id: 'bob' }, false],
  ['identities', { alias: 'phone', profile_id: 'ada' }, false],
  ['identities', { alias: 'ada', profile_id: 'bob' }, true],
  ['list_members', { list_id: 'ada', profile_id: 'bob' }, true],
] as const)('a row of %s %o stays: %s', (table, row, stays) => {
  const line = JSON.stringify(row);
  expect(forgetRows(LAKE[table], ada)(line)).toBe(stays ? line : undefined);
});

test.each(['not json', 'null', '[]', '7', ''])('a line that is no row, %j, is nobody’s and stays', (line) => {
  for (const forget of [forgetRows(LAKE.events, ada), forgetRecipients(ada), forgetUnloaded(ada), forgetFacts(ada)])
    expect(forget(line)).toBe(line);
});

test('a sample loses the person, and keeps whoever only mentions them', () => {
  const line = (profileId: string) =>
    JSON.stringify({ profile: { profileId }, events: [], consents: {}, lists: ['ada'] });
  expect(forgetSampled(ada)(line('ada'))).toBeUndefined();
  expect(forgetSampled(ada)(line('bob'))).toBe(line('bob'));
});

test('of the facts of a fit a line stays in its place, and is of nobody', () => {
  const line = JSON.stringify({ profile_id: 'ada', part: 'now', purchases: 7, trait_0: 'Paris' });
  expect(JSON.parse(forgetFacts(ada)(line) ?? '')).toEqual({ profile_id: '', part: 'train', purchases: 0 });
});

const text = fc.option(fc.string({ maxLength: 12 }), { nil: null });
const unloaded = fc
  .array(
    fc.record({
      email: text,
      phone: text,
      push_token: text,
      time_zone: text,
      attributes: fc.option(
        fc
          .dictionary(fc.string({ maxLength: 5 }), fc.string({ unit: 'grapheme', maxLength: 8 }))
          .map((o) => JSON.stringify(o)),
        { nil: null },
      ),
      consents: fc.option(
        fc.subarray([',push:yes,', ',sms:no,', ',email:yes,', ',email:no,']).map((parts) => parts.join('')),
        { nil: null },
      ),
    }),
    { minLength: 1, maxLength: 250 },
  )
  .map((rows) => rows.map((row, n): UnloadedRow => ({ ...row, profile_id: `p${n}` })));

const policy = fc.shuffledSubarray([...CHANNELS], { minLength: 1 });
type Part = { body: string; pointers: SnapshotMessage[] };
const partsOf = async (
  lines: readonly string[],
  channelPolicy: (typeof CHANNELS)[number][],
  lane: 'promotional' | 'transactional',
) => {
  const rows = (async function* () {
    for (const line of lines) yield JSON.parse(line) as UnloadedRow;
  })();
  const parts: Part[] = [];
  for await (const { step, rows: cut } of cutParts(rows, { channelPolicy, lane })) {
    const part = `snapshots/r/parts/${parts.length}.ndjson`;
    const { body, pointers } = snapshotPart(cut, {
      plan: { kind: 'campaign', id: 'c', hash: 'h' },
      runId: 'r',
      part,
      step,
    });
    parts.push({ body: Buffer.from(body).toString(), pointers });
  }
  return parts;
};
const applied = (forget: ForgetLine, body: string): string =>
  body
    .split('\n')
    .map((line) => (line === '' ? line : forget(line)))
    .join('\n');

test('parts that are cut again from a blanked UNLOAD are the blanked parts, byte for byte, with the same pointers', async () => {
  await fc.assert(
    fc.asyncProperty(
      unloaded,
      policy,
      fc.constantFrom('promotional' as const, 'transactional' as const),
      fc.infiniteStream(fc.boolean()),
      async (rows, channelPolicy, lane, coins) => {
        const gone = new Set(rows.filter(() => coins.next().value).map(({ profile_id }) => profile_id));
        const lines = rows.map((row) => JSON.stringify(row));
        const before = await partsOf(lines, channelPolicy, lane);
        const again = await partsOf(
          lines.map((line) => forgetUnloaded(gone)(line) ?? ''),
          channelPolicy,
          lane,
        );
        expect(again.map(({ pointers }) => pointers)).toEqual(before.map(({ pointers }) => pointers));
        expect(again.map(({ body }) => body)).toEqual(before.map(({ body }) => applied(forgetRecipients(gone), body)));
        const kept = again.flatMap(({ body }) => body.trimEnd().split('\n')).filter((line) => !line.startsWith('{}'));
        expect(kept).toHaveLength(rows.length - gone.size);
      },
    ),
    { numRuns: 100 },
  );
});

test('forgetting twice changes nothing more', () => {
  const row: UnloadedRow = {
    profile_id: 'ada',
    email: 'ada@example.com',
    attributes: '{"name":"Ada"}',
    consents: ',email:yes,',
  };
  const once = forgetUnloaded(ada)(JSON.stringify(row)) ?? '';
  expect(once).not.toMatch(/ada/i);
  expect(forgetUnloaded(ada)(once)).toBe(once);
  const blank = forgetRecipients(ada)(JSON.stringify({ profileId: 'ada', attributes: {} })) ?? '';
  expect(blank).toMatch(/^\{\} +$/);
  expect(forgetRecipients(ada)(blank)).toBe(blank);
});
