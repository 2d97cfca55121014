import type { Campaign } from '../../core/strategy/campaign.ts';
import type { Decision } from '../../core/strategy/campaign-decisions.ts';
import { isOver } from '../../core/strategy/campaign-states.ts';
import { held } from '../../core/strategy/series-run.ts';
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
): Promise<void> => {
  if (!series?.last) return;
  const { id } = series.last;
  const decideOnce = (run: Campaign): Decision => (isOver(run.state) ? { kind: 'same', campaign: run } : decide(run));
  const result = await changeCampaign(store, id, actor, nowMs, decideOnce, startRun);
  if (result && isRefusal(result))
    console.warn({ message: 'A run does not follow its series', id, why: result.detail });
};

/** A series that was paused, or cancelled by whatever, stops the run that is under way. */
export const holdRun = (store: Store, campaign: Campaign, act: Act): Promise<void> =>
  leadRun(store, campaign, act, (run) => held(run, campaign, act.nowMs));
