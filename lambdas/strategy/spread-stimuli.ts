import { ENTERED } from '../../core/audience/live/membership-change.ts';
import { membershipOfSegment } from '../../core/audience/membership.ts';
import { OWN_SOURCE } from '../../core/event/own-event.ts';
import {
  chunkStimuli,
  type ParticipantsMessage,
  type Stimuli,
} from '../../core/strategy/journey/participants-message.ts';
import type { Memberships } from '../adapters/memberships.ts';
import type { Participants } from '../adapters/participants.ts';

export type SpreadPorts = {
  participants: Pick<Participants, 'inside'>;
  memberships: Pick<Memberships, 'members'>;
  /** Into the queue of participants. */
  send(messages: readonly ParticipantsMessage[], group: string): Promise<void>;
};

/** People of one message: a page of the index, which takes a second or two to send on. */
const PAGE = 2_000;

/**
 * One page of a message about many people: each of them gets their stimulus, and then the rest of them its message. Running it twice
 * is safe: so are the stimuli, and a second chain of messages ends as the first does.
 */
export const spreadStimuli = async (
  { participants, memberships, send }: SpreadPorts,
  message: Extract<ParticipantsMessage, { cursor?: string }>,
): Promise<void> => {
  const { journeyId, cursor } = message;
  const page =
    message.kind === 'everybody'
      ? await participants.inside(journeyId, PAGE, cursor)
      : await membersPage(memberships, message);
  const people = page.profileIds.map((profileId): Stimuli => {
    return { profileId, journeyId, stimuli: [message.kind === 'everybody' ? { kind: 'look' } : entering(message)] };
  });
  await send(chunkStimuli(people), journeyId);
  if (page.cursor !== undefined) await send([{ ...message, cursor: page.cursor }], journeyId);
};

type EnterMembers = Extract<ParticipantsMessage, { kind: 'enter-members' }>;

const membersPage = async (memberships: SpreadPorts['memberships'], { segmentId, asOfMs, cursor }: EnterMembers) => {
  const page = await memberships.members(membershipOfSegment(segmentId), PAGE, cursor);
  // Who has become one since is heard of by itself.
  const then = page.items.filter(({ sinceMs }) => !(sinceMs > asOfMs));
  return { profileIds: then.map(({ profileId }) => profileId), ...(page.cursor && { cursor: page.cursor }) };
};

/** Whoever is a member when the journey goes live enters as if they entered the segment then. */
const entering = ({ journeyId, segmentId, asOfMs }: EnterMembers): Stimuli['stimuli'][number] => ({
  kind: 'enter',
  isAsked: true,
  event: {
    ...{ id: `member-${journeyId}-${asOfMs}`, type: ENTERED, source: OWN_SOURCE, timeMs: asOfMs, receivedMs: asOfMs },
    properties: { segmentId },
  },
});
