import type { Campaign } from '../../core/strategy/campaign.ts';
import type { Decision } from '../../core/strategy/campaign-decisions.ts';
import { goneOn } from '../../core/strategy/campaign-schedule.ts';
import { isOver } from '../../core/strategy/campaign-states.ts';
import { held } from '../../core/strategy/series-run.ts';
import { fallbackZone } from '../adapters/fallback-zone.ts';
import { changeCampaign, isRefusal, type Store } from './change-campaign.ts';
import { startRun } from './start-run.ts';

/** Who did it, and when. */
type Act = { actor: string; nowMs: number };

/**
 * The same with the run of a campaign that repeats, if one is under way. To be called after the campaign was saved, also when that changed nothing: the
 * call before may have died in between. A run that is not there yet sees for itself what became of its series: see begin-run.
 */
export const leadRun = async (
  store: Store,
  { series }: Pick<Campaign, 'series'>,
  { actor, nowMs }: Act,
  decide: (run: Campaign) => Decision,
): Promise<Campaign | undefined> => {
  if (!series?.last) return undefined;
  const { id } = series.last;
  const decideOnce = (run: Campaign): Decision => (isOver(run.state) ? { kind: 'same', campaign: run } : decide(run));
  const result = await changeCampaign(store, id, actor, nowMs, decideOnce, startRun);
  if (!result || !isRefusal(result)) return result;
  console.warn({ message: 'A run does not follow its series', id, why: result.detail });
  return undefined;
};

/**
 * A series that was paused, or cancelled by whatever, stops the run that is under way. `campaign` may be old by then: somebody has resumed it,
 * and come to the run before. So after pausing the run it is asked once more whether the series is, and else the run goes on.
 */
export const holdRun = async (store: Store, campaign: Campaign, act: Act): Promise<void> => {
  const run = await leadRun(store, campaign, act, (run) => held(run, campaign, act.nowMs));
  const { number, atMs } = run?.pause ?? {};
  const isOwn = number !== undefined && number === run?.version && atMs === act.nowMs;
  if (!run || !isOwn) return;
  const series = await store.defs.get<Campaign>('campaign', campaign.id);
  if (series?.body.state !== 'scheduled') return;
  const timeZone = await fallbackZone(store.defs);
  const goOn = (now: Campaign): Decision =>
    now.pause?.number === number ? goneOn(now, act.nowMs, timeZone) : { kind: 'same', campaign: now };
  await changeCampaign(store, run.id, act.actor, act.nowMs, goOn, startRun);
};
