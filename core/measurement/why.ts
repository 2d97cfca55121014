import { dayOf } from '../audience/event-window.ts';
import { type Sql, sql } from '../audience/sql.ts';
import { textLiteral } from '../audience/sql-literal.ts';
import type { Channel } from '../delivery/channel.ts';
import { allows, type Consents } from '../delivery/consent.ts';
import type { ContactState } from '../delivery/contact-state.ts';
import type { Reason } from '../delivery/ledger.ts';
import type { PlanKind } from '../delivery/messages.ts';
import { MOVES_ON } from '../delivery/plan-batch.ts';
import { DAY_MS } from './period.ts';
import { WHY_WORDS } from './why-words.ts';

export const WHY_DEFINITION =
  'Decisions: what senders and providers have written about this person and this plan, the oldest first, each once; final is the one with which the person left the plan. Consent is what had been said by then for the channel and the topic. The contact is as it is now. Outcomes and consents are in the lake about a minute after they happen.';

/** `topic` of the plan; `fromMs`: nothing about it is older. */
export type WhyAsked = { planKind: PlanKind; planId: string; profileId: string; fromMs: number };

/** Every outcome of the person in the plan, and every consent that they ever gave or refused, in order of time. */
export const whyQuery = ({ planKind, planId, profileId, fromMs }: WhyAsked): Sql => {
  const who = textLiteral(profileId);
  const plan = sql`plan_kind = ${textLiteral(planKind)} AND plan_id = ${textLiteral(planId)}`;
  return sql`WITH own AS (
  SELECT channel, outcome, reason, final, at_ms, run_id, event_id,
    row_number() OVER (PARTITION BY outcome_id ORDER BY at_ms) AS nth
  FROM outcomes WHERE dt >= ${textLiteral(dayOf(fromMs - DAY_MS))} AND ${plan} AND profile_id = ${who}
)
SELECT 'outcome' AS what, channel AS name, outcome AS said, reason, final AS flag, at_ms, run_id, event_id
FROM own WHERE nth = 1
UNION ALL
SELECT DISTINCT 'consent', consent, CASE WHEN given THEN 'yes' ELSE 'no' END, '', imported, at_ms, '', ''
FROM consents WHERE profile_id = ${who}
ORDER BY at_ms, what, name`;
};

type Said = { consent: string; given: boolean; imported: boolean; atMs: number };
export type WhyDecision = {
  atMs: number;
  channel: string;
  outcome: string;
  reason: string;
  final: boolean;
  runId: string;
  eventId?: string;
  /** In words: what was decided, and because of what. */
  text: string;
  /** What would have had to be otherwise; absent where the message went out. */
  otherwise?: string;
  /** What had been said by then about the channel, or the channel and the topic, and what follows from it. */
  consent: { said: Said[]; allowed: boolean };
};
export type Why = { text: string; decisions: WhyDecision[]; consents: Said[] };

/** The newest statement about each consent until `atMs`; a yes from a file counts only where there is nothing else. */
const saidBy = (said: readonly Said[], channel: string, topic: string, atMs: number): Said[] =>
  [`${channel}/${topic}`, channel].flatMap((key) => {
    const about = said.filter(({ consent, atMs: at }) => consent === key && at <= atMs);
    const own = about.filter(({ imported, given }) => !(imported && given));
    const from = own.length > 0 ? own : about;
    const newest = Math.max(...from.map(({ atMs: at }) => at));
    const last = from.filter(({ atMs: at }) => at === newest);
    const counts = last.find(({ given }) => !given) ?? last[0];
    return counts ? [counts] : [];
  });

/** `rows` of `whyQuery`. `contact` is as it is now. */
export const whyOf = (
  rows: readonly Record<string, string | null>[],
  { topic, lane, contact }: { topic: string; lane: 'promotional' | 'transactional'; contact: ContactState },
): Why => {
  const consents = rows
    .filter(({ what }) => what === 'consent')
    .map(({ name, said, flag, at_ms }): Said => {
      return { consent: name ?? '', given: said === 'yes', imported: flag === 'true', atMs: Number(at_ms) };
    });
  const decisions = rows
    .filter(({ what }) => what === 'outcome')
    .map((row): WhyDecision => {
      const [channel, outcome, reason] = [row.name ?? '', row.said ?? '', row.reason ?? ''];
      const atMs = Number(row.at_ms);
      const said = saidBy(consents, channel, topic, atMs);
      const given: Consents = Object.fromEntries(said.map(({ consent, given }) => [consent, given]));
      const words = WHY_WORDS[reason];
      return {
        ...{ atMs, channel, outcome, reason, final: row.flag === 'true', runId: row.run_id ?? '' },
        ...(row.event_id && { eventId: row.event_id }),
        text: textOf(channel, outcome, reason, row.flag === 'true', contact),
        ...(words && outcome !== 'sent' && { otherwise: words.otherwise }),
        consent: { said, allowed: allows(given, channel as Channel, topic, lane) },
      };
    });
  return { text: summaryOf(decisions), decisions, consents };
};

const textOf = (channel: string, outcome: string, reason: string, final: boolean, contact: ContactState): string => {
  const by = channel === 'none' ? '' : ` by ${channel}`;
  if (outcome === 'sent') return `Sent${by}: the provider has taken the message.`;
  const words = WHY_WORDS[reason];
  // What is heard of a message later has its own details as reason.
  if (!words) return `The message${by} was ${outcome}${reason && ` (${reason})`}.`;
  const now = reason === 'suppressed' ? contact.suppressed[channel as Channel] : undefined;
  const since = now ? ` (${now.reason}, since ${new Date(now.atMs).toISOString()})` : '';
  return `${headOf(reason, by)} ${words.because}${since}. ${nextOf(reason as Reason, final)}`;
};

/** Of some reasons it was sent all the same, or nobody knows. */
const headOf = (reason: string, by: string): string => {
  if (reason === 'not-delivered' || reason === 'not-opened') return `Sent${by}, but`;
  return reason === 'unknown-after-crash' ? `Perhaps sent${by}:` : `Not sent${by}:`;
};

const nextOf = (reason: Reason, final: boolean): string => {
  if (final) return MOVES_ON.has(reason) ? 'No other channel of the plan was left.' : 'No other channel was tried.';
  return MOVES_ON.has(reason) ? 'The next channel of the plan had its turn.' : 'The message waits for its end.';
};

const summaryOf = (decisions: readonly WhyDecision[]): string => {
  const last = decisions.findLast(({ final }) => final);
  if (last) return last.text;
  return decisions.length > 0
    ? 'Still on the way: no outcome is final yet.'
    : 'Nothing was decided about this person: they were not among the recipients, no event of theirs asked for a message, or the plan has not come to them yet.';
};
