import type { LiveSegment } from '../../core/audience/live/live-segment.ts';
import { referencesOf } from '../../core/audience/references.ts';
import type { ListeningPlan, SegmentChange } from '../../core/audience/segment-change.ts';
import { patternsOf, type Trigger } from '../../core/event/trigger.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import type { Definitions } from '../adapters/definitions.ts';
import type { NamedSegment } from '../adapters/segments.ts';

/** What people approve is what is in force afterwards: nobody but others who approve it changes in between what it listens to. */
export const SUBMITTED: ReadonlySet<string> = new Set(['in review', 'approved']);

/**
 * The plans in force, or submitted, that listen to who enters or leaves the segment, or ask who is in it: a live segment follows its definition, so an
 * edit would change at once what others have put in force, or are about to. The same goes for a segment that another refers to, or would by a rule that
 * is submitted, and for one that is not live at the moment: it may be made so again. Campaigns have frozen theirs.
 */
export const listeningPlans = async (defs: Definitions, segmentId: string): Promise<ListeningPlan[]> => {
  const [segments, changes, live, triggers, running, journeys] = await Promise.all([
    defs.all<NamedSegment>('segment'),
    defs.all<SegmentChange>('segment-change'),
    defs.all<LiveSegment>('live-segment'),
    defs.all<Trigger>('trigger'),
    defs.all<LiveJourney>('live-journey'),
    defs.all<Journey>('journey'),
  ]);
  const submitted = changes.filter(({ body }) => SUBMITTED.has(body.state));
  const changed = thoseWith(
    segmentId,
    [...segments, ...submitted].map(({ body }) => body),
  );
  const ids = [...changed];
  const wasLive = live.some(({ id }) => changed.has(id));
  const plans = triggers.flatMap(({ id, body }): ListeningPlan[] =>
    (body.state === 'active' || SUBMITTED.has(body.state)) && listens(body, ids, wasLive)
      ? [{ kind: 'trigger', id, name: body.name }]
      : [],
  );
  const asking = new Map<string, ListeningPlan>();
  const ask = (id: string, name: string, content: unknown) => {
    const text = JSON.stringify(content);
    if (ids.some((one) => text.includes(one))) asking.set(id, { kind: 'journey', id, name });
  };
  for (const { id, body } of journeys) if (SUBMITTED.has(body.state)) ask(id, body.name, body);
  for (const { id, body } of running) {
    if (body.state === 'stopped') continue;
    const versions = body.versions.map(({ hash }) => defs.get<object>('journey-version', `${id}@${hash}`));
    ask(id, body.name, [body, ...(await Promise.all(versions)).map((stored) => stored?.body)]);
  }
  return [...plans, ...asking.values()];
};

/** The segment, and all that refer to it, directly or not. */
const thoseWith = (segmentId: string, segments: readonly Pick<NamedSegment, 'id' | 'segment'>[]): Set<string> => {
  const found = new Set([segmentId]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { id, segment } of segments) {
      if (referencesOf(segment).segments.some((one) => found.has(one))) found.add(id);
    }
  }
  return found;
};

/** By the id, or to segments altogether, those that have been live: who asks for a name, or nothing, may mean any. */
const listens = (trigger: Trigger, ids: readonly string[], wasLive: boolean): boolean => {
  const text = JSON.stringify(trigger);
  if (ids.some((id) => text.includes(id))) return true;
  const toAny = patternsOf(trigger).some(
    ({ eventType, where = [] }) =>
      eventType.startsWith('herald.segment.') && !JSON.stringify(where).includes('segmentId'),
  );
  return wasLive && toAny;
};
