import { type Entering, type JourneySeries, nextSeriesStep, type SeriesStep } from './journey-series.ts';
import type { LiveDecision, SeriesAction } from './live-decisions.ts';
import type { LiveJourney } from './live-journey.ts';

/** Whether a chain is the one that goes on with the journey: it is live, and no other chain has begun since. */
export const isInForce = (live: LiveJourney, chain: number): live is LiveJourney & { series: JourneySeries } =>
  live.state === 'live' && live.series?.chain === chain;

/** What the chain does next; `decision`: what is saved first. */
export const chainStep = (
  live: LiveJourney,
  chain: number,
  nowMs: number,
): Exclude<SeriesStep, { do: 'save' }> | { do: 'save'; decision: LiveDecision } => {
  if (!isInForce(live, chain)) return { do: 'nothing' };
  const step = nextSeriesStep(live.series, nowMs);
  return step.do === 'save' ? { do: 'save', decision: noted(live, step.action, step.series, step.detail) } : step;
};

/** The members of the newest time are known. `manifest`: see Entering. */
export const membersKnown = (live: LiveJourney, chain: number, manifest: string): LiveDecision =>
  ofLast(live, chain, 'tell-members', (last) => (last.manifest === undefined ? { ...last, manifest } : last));

/** All of them were told. */
export const membersTold = (live: LiveJourney, chain: number, people: number): LiveDecision =>
  ofLast(live, chain, 'end-time', (last) => ({ ...last, people, isDone: true }));

/** Nobody more is let in by the newest time; the next one is not the worse for it. */
export const timeFailed = (live: LiveJourney, chain: number, problem: string): LiveDecision =>
  ofLast(live, chain, 'fail-time', (last) => ({ ...last, problem, isDone: true }));

const ofLast = (
  live: LiveJourney,
  chain: number,
  action: SeriesAction,
  change: (last: Entering) => Entering,
): LiveDecision => {
  const last = isInForce(live, chain) ? live.series.last : undefined;
  if (!live.series || !last || last.isDone) return { kind: 'same', live };
  const changed = change(last);
  if (changed === last) return { kind: 'same', live };
  const detail = `${new Date(last.dueMs).toISOString()}${changed.problem ? `: ${changed.problem}` : ''}`;
  return noted(live, action, { ...live.series, last: changed }, detail);
};

const noted = (live: LiveJourney, action: SeriesAction, series: JourneySeries, detail: string): LiveDecision => ({
  ...{ kind: 'change', action, detail },
  live: { ...live, series, version: live.version + 1 },
});
