import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyContact } from '../../../core/delivery/contact-state.ts';
import { FAIL_REASONS, type OutcomeRow, SKIP_REASONS } from '../../../core/delivery/outcome.ts';
import { whyOf, whyQuery } from '../../../core/measurement/why.ts';
import { WHY_WORDS } from '../../../core/measurement/why-words.ts';
import { createLake, type Lake } from '../lake.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-03-05T12:00:00Z');
let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

const outcome = (more: Partial<OutcomeRow>): OutcomeRow => ({
  outcome_id: `${more.profile_id}:${more.channel}`,
  plan_kind: 'campaign',
  plan_id: 'c1',
  run_id: 'c1-run',
  profile_id: 'ana',
  channel: 'push',
  outcome: 'skipped',
  reason: 'no-address',
  final: false,
  at_ms: START,
  message_id: '',
  event_id: '',
  ...more,
});
const said = (consent: string, given: boolean, atMs: number, imported = false, profileId = 'ana') => ({
  ...{ profile_id: profileId, consent, given, imported, at_ms: atMs },
});
const contact = { ...emptyContact('ana'), suppressed: { email: { reason: 'hard-bounce' as const, atMs: START } } };
const ask = async (profileId = 'ana', planId = 'c1') => {
  const sql = whyQuery({ planKind: 'campaign', planId, profileId, fromMs: START });
  return whyOf(await lake.query(sql), { topic: 'news', lane: 'promotional', contact });
};

test('every reason has words', () => {
  for (const reason of [...SKIP_REASONS, ...FAIL_REASONS]) expect(WHY_WORDS[reason], reason).toBeDefined();
});

describe('a person and a plan', () => {
  beforeAll(() => {
    lake.outcomes([
      outcome({}),
      // The sender was interrupted, and wrote it again.
      outcome({ at_ms: START + 60_000 }),
      outcome({ channel: 'sms', reason: 'no-consent', at_ms: START + 1_000 }),
      outcome({ channel: 'email', reason: 'suppressed', final: true, at_ms: START + 2_000 }),
      outcome({ profile_id: 'bob', outcome: 'sent', reason: '', final: true }),
      outcome({ profile_id: 'cleo', reason: 'provider-unavailable', outcome: 'failed' }),
      outcome({ plan_id: 'c2', outcome: 'sent', reason: '', final: true }),
    ]);
    lake.consents([
      said('sms', true, START - 3 * DAY),
      said('sms/news', false, START - DAY),
      said('sms/news', true, START + DAY),
      said('email', true, START - 2 * DAY),
      said('email', true, START - DAY, true),
      said('push', true, START, false, 'bob'),
    ]);
  });

  test('what was decided, in order, with what had been said by then', async () => {
    const { text, decisions } = await ask();
    expect(decisions.map(({ channel, reason, final }) => [channel, reason, final])).toEqual([
      ['push', 'no-address', false],
      ['sms', 'no-consent', false],
      ['email', 'suppressed', true],
    ]);
    const [push, sms, email] = decisions;
    expect(push).toMatchObject({ atMs: START, consent: { said: [], allowed: false } });
    expect(sms!.consent).toEqual({
      said: [
        { consent: 'sms/news', given: false, imported: false, atMs: START - DAY },
        { consent: 'sms', given: true, imported: false, atMs: START - 3 * DAY },
      ],
      allowed: false,
    });
    expect(sms!.otherwise).toMatch(/^A yes of the person/);
    // A yes of a file does not count where the person has said something.
    expect(email!.consent).toMatchObject({ said: [{ imported: false }], allowed: true });
    expect(text).toBe(
      'Not sent by email: the address was suppressed (hard-bounce, since 2026-03-05T12:00:00.000Z). No other channel of the plan was left.',
    );
  });

  test('who got it is told so, and nothing of others', async () => {
    const { text, decisions, consents } = await ask('bob');
    expect(text).toBe('Sent by push: the provider has taken the message.');
    expect(decisions).toMatchObject([{ outcome: 'sent', consent: { allowed: true } }]);
    expect(decisions[0]).not.toHaveProperty('otherwise');
    expect(consents).toHaveLength(1);
  });

  test('who is still on the way, and who was never asked about', async () => {
    expect((await ask('cleo')).text).toBe('Still on the way: no outcome is final yet.');
    expect(await ask("o'neill")).toMatchObject({ decisions: [], consents: [] });
    expect((await ask('nobody')).text).toMatch(/^Nothing was decided/);
  });
});

describe('what a row says', () => {
  const row = (outcome: string, reason: string, final: boolean) => {
    const said = { what: 'outcome', name: 'sms', said: outcome, reason, flag: String(final), at_ms: String(START) };
    const why = whyOf([{ ...said, run_id: 'r', event_id: '' }], { topic: 'news', lane: 'promotional', contact });
    return why.decisions[0]!.text;
  };
  test.each<[string, string, boolean, string]>([
    // Put off, and not the next channel's turn.
    [
      'skipped',
      'quiet-hours',
      false,
      'by sms: it was a time at which the person is not to be disturbed. The message waits for its end.',
    ],
    ['skipped', 'sms-window', false, 'The message waits for its end.'],
    ['skipped', 'quiet-hours', true, 'disturbed. No other channel was tried.'],
    // It ends the message, whatever channels the plan has besides.
    ['skipped', 'frequency-cap', true, 'allows. No other channel was tried.'],
    ['skipped', 'plan-cancelled', true, 'No other channel was tried.'],
    ['skipped', 'no-consent', false, 'The next channel of the plan had its turn.'],
    ['failed', 'opted-out', true, 'No other channel of the plan was left.'],
    // It was sent.
    [
      'failed',
      'not-opened',
      false,
      'Sent by sms, but the message was not opened in time. The next channel of the plan had its turn.',
    ],
    ['failed', 'unknown-after-crash', true, 'Perhaps sent by sms: a sender died'],
  ])('%s %s, final: %s', (outcome, reason, final, expected) => {
    expect(row(outcome, reason, final)).toContain(expected);
  });
});
