import type { Source } from '../../core/access/source.ts';
import { OWN_SOURCE } from '../../core/event/own-event.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { chunkStimuli } from '../../core/strategy/journey/participants-message.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { type ErasedPeople, erasedPeople } from '../adapters/erased-people.ts';
import { journeys } from '../adapters/journeys.ts';
import { sendAll } from '../adapters/queues.ts';
import { rateLeases } from '../adapters/rate-leases.ts';
import { Problem } from '../middleware/problem.ts';
import { refuseErased } from '../middleware/refuse-erased.ts';

/** Type of the event with which somebody enters whom a call puts in. */
const ENTERED_BY_CALL = 'herald.journey.entered';

export type Call = {
  journeyId: string;
  profileId: string;
  properties: Record<string, unknown>;
  /** Names the entry: the same one lets in once. */
  eventId: string;
  /** Whose key it is. Absent: somebody who signed in. */
  source?: Source;
};
type Environment = Record<
  'DEFINITIONS_TABLE' | 'ERASURES_TABLE' | 'ERASURE_KEY_ARN' | 'PARTICIPANTS_QUEUE_URL',
  string
>;

/** Of the environment of this Lambda: they remember what they have read, or taken. */
let erased: ErasedPeople | undefined;
let compiled: ReturnType<typeof journeys> | undefined;
let leases: ReturnType<typeof rateLeases> | undefined;

/**
 * Puts somebody into a journey that is live, and that calls let people into. What becomes of them is decided where all participants are.
 * `nowMs`: when the call was made first; refused, it may be repeated with its Idempotency-Key a day later.
 */
export const enterByCall = async (
  defs: Definitions,
  environment: Environment,
  { journeyId, profileId, properties, eventId, source }: Call,
  nowMs: number,
): Promise<void> => {
  if (source) await withinLimit(environment, source, Date.now());
  const live = await defs.get<LiveJourney>('live-journey', journeyId);
  if (live?.body.state !== 'live') throw await notLive(defs, journeyId);
  compiled ??= journeys(defs);
  // What runs counts, not what somebody has written since.
  const { entry } = await compiled.versionOf(journeyId, live.body.current);
  if (entry.by !== 'api') throw new Problem('invalid-reference', 'People enter this journey by what happens to them');
  // Whoever approved it approved these apps; a version from before apps could names none.
  if (source && !entry.sources?.includes(source.id))
    throw new Problem('forbidden-source', `The journey ${journeyId} does not take people of the source ${source.id}`);
  erased ??= erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
  await refuseErased(erased)([profileId]);
  // What happened before it was live lets nobody in, but this call is answered with yes.
  const timeMs = Math.max(nowMs, live.body.sinceMs);
  const at = { source: source?.id ?? OWN_SOURCE, timeMs, receivedMs: timeMs };
  const event = { id: eventId, type: ENTERED_BY_CALL, ...at, properties };
  const messages = chunkStimuli([{ profileId, journeyId, stimuli: [{ kind: 'enter', event }] }]);
  await sendAll(
    environment.PARTICIPANTS_QUEUE_URL,
    messages.map((body) => ({ body, group: journeyId })),
  );
};

const notLive = async (defs: Definitions, journeyId: string): Promise<Problem> =>
  (await defs.get('journey', journeyId))
    ? new Problem('state-conflict', 'The journey is not live')
    : new Problem('not-found', `There is no journey ${journeyId}`);

/** A call is an event of the source: what may send so many a second may let in no more. */
const withinLimit = async (
  { DEFINITIONS_TABLE }: Environment,
  { id, eventsPerSecond }: Source,
  nowMs: number,
): Promise<void> => {
  leases ??= rateLeases(DEFINITIONS_TABLE);
  const retryAfter = await leases.take(id, 1, eventsPerSecond, nowMs);
  if (retryAfter === undefined) return;
  throw new Problem('rate-limited', `Source ${id} may send ${eventsPerSecond} events a second`, { retryAfter });
};
