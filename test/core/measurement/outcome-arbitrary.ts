import fc from 'fast-check';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';

export const FROM_MS = Date.parse('2026-03-01T00:00:00Z');
export const TO_MS = Date.parse('2026-03-08T00:00:00Z');
const HOUR_MS = 3_600_000;

/** Instants in the days around [FROM_MS, TO_MS), often right at its ends. */
export const instants = fc.oneof(
  fc.constantFrom(FROM_MS - 1, FROM_MS, FROM_MS + 1, TO_MS - 1, TO_MS),
  fc.integer({ min: FROM_MS - 30 * HOUR_MS, max: TO_MS + 30 * HOUR_MS }),
);

/** Hostile ids, too: an id is data like any other. */
export const people = fc.constantFrom('ada', 'bruno', 'chen', "d'ora", 'émil', 'x" OR 1=1');

/** Outcomes of two runs; some were written again within a day, by a sender that was interrupted. */
export const outcomes = fc
  .array(
    fc.record({
      run: fc.constantFrom("run'1", 'run-2'),
      profile_id: people,
      channel: fc.constantFrom('push', 'sms', 'email'),
      outcome: fc.constantFrom('sent', 'sent', 'skipped', 'failed'),
      reason: fc.constantFrom('no-address', 'frequency-cap', 'opted-out'),
      final: fc.boolean(),
      at_ms: instants,
      copiesLater: fc.array(fc.integer({ min: 0, max: 24 * HOUR_MS }), { maxLength: 2 }),
    }),
    { maxLength: 40, size: 'max' },
  )
  .map((all) =>
    all.flatMap(({ run, reason, copiesLater, ...outcome }, n) => {
      const row = {
        ...outcome,
        reason: outcome.outcome === 'sent' ? '' : reason,
        outcome_id: `${run}#${n}`,
        plan_kind: 'campaign',
        plan_id: 'c',
        run_id: run,
        message_id: outcome.outcome === 'sent' ? `m${n}` : '',
        event_id: '',
      } as OutcomeRow;
      return [row, ...copiesLater.map((laterMs) => ({ ...row, at_ms: row.at_ms + laterMs }))];
    }),
  );

/** What was heard of messages, with the run that it is of or only the provider's id; often twice. */
export const receipts = fc.array(
  fc
    .record({
      run_id: fc.constantFrom("run'1", "run'1", 'run-2', ''),
      profile_id: people,
      channel: fc.constantFrom('sms', 'email'),
      said: fc.constantFrom(
        ...(['delivered', 'complained'] as const).map((outcome) => ({ outcome, reason: '' })),
        ...(['hard', 'soft'] as const).map((reason) => ({ outcome: 'bounced', reason })),
        { outcome: 'failed', reason: 'expired' },
      ),
      message: fc.nat(25),
      at_ms: instants,
    })
    .map(({ said, message, ...row }) => {
      const named = row.run_id !== '';
      return {
        ...row,
        ...said,
        profile_id: named ? row.profile_id : '',
        channel: named ? row.channel : 'none',
        outcome_id: [named ? `r#${row.run_id}-${message}` : `m#m${message}`, said.outcome, said.reason].join('#'),
        plan_kind: named ? 'campaign' : '',
        plan_id: named ? 'c' : '',
        final: false,
        message_id: `m${message}`,
        event_id: '',
      } as OutcomeRow;
    }),
  { maxLength: 25 },
);

/** Of the rows with one id the earliest. */
export const onceEach = (rows: readonly OutcomeRow[]): OutcomeRow[] => {
  const earliest = new Map<string, OutcomeRow>();
  for (const row of rows) {
    const known = earliest.get(row.outcome_id);
    if (!known || row.at_ms < known.at_ms) earliest.set(row.outcome_id, row);
  }
  return [...earliest.values()];
};
