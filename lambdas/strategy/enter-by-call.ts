import { OWN_SOURCE } from '../../core/event/own-event.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { chunkStimuli } from '../../core/strategy/journey/participants-message.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { type ErasedPeople, erasedPeople } from '../adapters/erased-people.ts';
import { journeys } from '../adapters/journeys.ts';
import { sendAll } from '../adapters/queues.ts';
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
};
type Environment = Record<'ERASURES_TABLE' | 'ERASURE_KEY_ARN' | 'PARTICIPANTS_QUEUE_URL', string>;

/** Of the environment of this Lambda: it remembers what it has read. */
let erased: ErasedPeople | undefined;

/** Puts somebody into a journey that is live, and that calls let people into. What becomes of them is decided where all participants are. */
export const enterByCall = async (
  defs: Definitions,
  environment: Environment,
  { journeyId, profileId, properties, eventId }: Call,
  nowMs: number,
): Promise<void> => {
  const live = await defs.get<LiveJourney>('live-journey', journeyId);
  if (live?.body.state !== 'live') throw new Problem('state-conflict', 'The journey is not live');
  // What runs counts, not what somebody has written since.
  if ((await journeys(defs).versionOf(journeyId, live.body.current)).entry.by !== 'api')
    throw new Problem('invalid-reference', 'People enter this journey by what happens to them');
  erased ??= erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
  await refuseErased(erased)([profileId]);
  const at = { source: OWN_SOURCE, timeMs: nowMs, receivedMs: nowMs };
  const event = { id: eventId, type: ENTERED_BY_CALL, ...at, properties };
  const messages = chunkStimuli([{ profileId, journeyId, stimuli: [{ kind: 'enter', event }] }]);
  await sendAll(
    environment.PARTICIPANTS_QUEUE_URL,
    messages.map((body) => ({ body, group: journeyId })),
  );
};
