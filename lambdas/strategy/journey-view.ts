import type { Journey } from '../../core/strategy/journey/journey.ts';
import type { Entering, JourneySeries } from '../../core/strategy/journey/journey-series.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import type { EntryCounts } from '../adapters/entry-counts.ts';
import { approvalView } from './campaign-view.ts';

/** With what runs of it, but for task tokens, the names of pauses and what is listened to. `outcomes`: of whom the newest time has asked in. */
export const journeyView = ({ approval, ...rest }: Journey, live: LiveJourney | undefined, outcomes?: EntryCounts) => {
  const journey = { ...rest, ...(approval && { approval: approvalView(approval) }) };
  if (!live) return journey;
  const { state, current, inside, sinceMs, versions, pause, series } = live;
  const running = {
    ...{ state, current, inside, sinceMs },
    versions: versions.map(({ hash, sinceMs: fromMs }) => ({ hash, sinceMs: fromMs })),
    ...(pause && { pause: { by: pause.by, atMs: pause.atMs, reason: pause.reason } }),
    ...(series && { schedule: scheduleView(series, state === 'live', outcomes) }),
  };
  return { ...journey, running };
};

const scheduleView = ({ next, last, times, skipped }: JourneySeries, isLive: boolean, outcomes?: EntryCounts) => ({
  ...(next && isLive && { nextMs: next.atMs }),
  ...(last && { last: timeView(last, outcomes) }),
  ...{ times, skipped },
});

const timeView = ({ dueMs, beginMs, people, isDone, problem }: Entering, outcomes?: EntryCounts) => ({
  ...{ dueMs, beginMs, state: problem === undefined ? (isDone ? 'told' : 'telling') : 'failed' },
  ...(people !== undefined && { people }),
  ...(outcomes && { outcomes }),
  ...(problem !== undefined && { problem }),
});
