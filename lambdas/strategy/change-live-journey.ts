import { askedIn, type LiveDecision } from '../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import type { ParticipantsMessage } from '../../core/strategy/journey/participants-message.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { type Sinks, saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';

export type LiveRefusal = Extract<LiveDecision, { kind: 'refuse' }>;

const ATTEMPTS = 5;

/**
 * Loads what runs of a journey, decides, saves, publishes; decides again when somebody else was faster. However a pause ends,
 * the messages that wait for that go on, to be sent or settled, and everybody inside is looked at: see decision 0030. Gives the
 * journey as it then is, or the refusal. Throws VersionConflict when it stays contended.
 */
export const changeLiveJourney = async (
  { defs, sinks }: { defs: Definitions; sinks: Sinks },
  id: string,
  actor: string,
  nowMs: number,
  decide: (live: LiveJourney | undefined) => LiveDecision,
): Promise<LiveJourney | LiveRefusal> => {
  for (let attempt = 1; ; attempt += 1) {
    const stored = await defs.get<LiveJourney>('live-journey', id);
    const before = stored && { ...stored.body, version: stored.version };
    const decision = decide(before);
    if (decision.kind === 'same') return decision.live;
    if (decision.kind === 'refuse') return decision;
    const { live, action, detail } = decision;
    const entry = { subject: `journey/${id}`, action, actor, atMs: nowMs, version: live.version, detail };
    const outbox: OutboxEntry[] = [{ effect: 'audit', entry }, ...afterwards(before, live)];
    try {
      return (await saveDefinition(defs, 'live-journey', id, live, live.version - 1, nowMs, outbox, sinks)).body;
    } catch (error) {
      if (!(error instanceof VersionConflict) || attempt === ATTEMPTS) throw error;
    }
  }
};

export const isLiveRefusal = (result: LiveJourney | LiveRefusal): result is LiveRefusal => 'kind' in result;

/** What follows from a change, besides the record of it. */
export const afterwards = (before: LiveJourney | undefined, after: LiveJourney): OutboxEntry[] => {
  const { id, state, series } = after;
  const look = queued({ kind: 'everybody', journeyId: id });
  const hasResumed = before?.pause !== undefined && after.pause === undefined;
  const isOther = before !== undefined && (before.current !== after.current || before.inside !== after.inside);
  const leaves = state === 'live' && after.inside === 'exit' && isOther;
  const members = askedIn(before, after);
  const begins = state === 'live' && series !== undefined && series.chain !== before?.series?.chain;
  return [
    ...(hasResumed ? [release(id, before.pause!.number)] : []),
    ...(state === 'stopped' || (state === 'live' && (hasResumed || leaves)) ? [look] : []),
    ...(members ? [queued({ kind: 'enter-members', journeyId: id, ...members })] : []),
    ...(begins ? [queued({ kind: 'begin-chain', journeyId: id, chain: series.chain, atMs: series.sinceMs })] : []),
  ];
};

const queued = (message: ParticipantsMessage): OutboxEntry => ({ effect: 'participants', message });

const release = (id: string, pause: number): OutboxEntry => ({
  effect: 'start-execution',
  machine: 'release-parked',
  name: `${id}-${pause}`,
  input: { campaignId: id, pause },
});
