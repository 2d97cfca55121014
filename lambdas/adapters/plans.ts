import { EMERGENCY_STOP, type EmergencyStop, isInForce } from '../../core/delivery/emergency-stop.ts';
import { waitName } from '../../core/delivery/held-message.ts';
import { DEFAULT_LINK_SETTINGS, type LinkSettings } from '../../core/delivery/links/link-settings.ts';
import type { PlanRef } from '../../core/delivery/messages.ts';
import type { Speed } from '../../core/delivery/pace.ts';
import { DEFAULT_SETTINGS, type DeliverySettings } from '../../core/delivery/settings.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { DEFAULT_HOLDOUT, type Holdout, type HoldoutSettings } from '../../core/strategy/holdout.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { cached } from './cache.ts';
import { definitions } from './definitions.ts';
import { loadPlanVersion } from './plan-versions.ts';

/** A campaign or journey that was paused or ended stops sending after at most this long, and a changed speed acts. */
const STATE_MAX_AGE_MS = 3_000;
/** A changed cap acts after at most this long. */
const SETTINGS_MAX_AGE_MS = 10_000;

/** What senders ask about plans, hundreds of times a second: read once, then kept as long as each may be old. */
export const plans = (table: string) => {
  const defs = definitions(table);
  const version = cached(
    Number.POSITIVE_INFINITY,
    (key) => {
      const [planId = '', hash = ''] = key.split('@');
      return loadPlanVersion(defs, planId, hash);
    },
    100,
  );
  const campaign = cached(STATE_MAX_AGE_MS, async (id) => {
    const stored = await defs.get<Campaign>('campaign', id);
    const { state, speed, pause } = stored?.body ?? {};
    return stored && { state, speed, pause: pause?.number };
  });
  const trigger = cached(STATE_MAX_AGE_MS, async (id) => (await defs.get<Trigger>('trigger', id))?.body.state);
  const journey = cached(STATE_MAX_AGE_MS, async (id) => {
    const stored = await defs.get<LiveJourney>('live-journey', id);
    const { state, pause } = stored?.body ?? {};
    return stored && { state, pause: pause?.number };
  });
  const settings = cached(
    SETTINGS_MAX_AGE_MS,
    async (id) => (await defs.get<DeliverySettings>('settings', id))?.body ?? DEFAULT_SETTINGS,
  );
  const links = cached(
    SETTINGS_MAX_AGE_MS,
    async (id) => (await defs.get<LinkSettings>('settings', id))?.body ?? DEFAULT_LINK_SETTINGS,
  );
  const holdout = cached(
    SETTINGS_MAX_AGE_MS,
    async (id) => (await defs.get<HoldoutSettings>('settings', id))?.body ?? DEFAULT_HOLDOUT,
  );
  const stop = cached(STATE_MAX_AGE_MS, async (id) => (await defs.get<EmergencyStop>('settings', id))?.body);
  const planOf = ({ id, hash }: PlanRef): Promise<PlanVersion> => version(`${id}@${hash}`);
  const stopOf = async ({ kind, id }: PlanRef): Promise<'plan-cancelled' | 'plan-paused' | undefined> => {
    if (kind === 'campaign') {
      const state = (await campaign(id))?.state;
      return state === undefined || state === 'cancelled' || state === 'failed' ? 'plan-cancelled' : undefined;
    }
    if (kind === 'test') return undefined;
    if (kind === 'journey') {
      const state = (await journey(id))?.state;
      return state === undefined || state === 'stopped' ? 'plan-cancelled' : undefined;
    }
    return (await trigger(id)) === 'active' ? undefined : 'plan-paused';
  };
  return {
    /** The frozen plan; never changes, so it is kept for ever. Throws when there is none. */
    planOf,
    /** Why nothing more may be sent of the plan, if so. */
    stopOf,
    /**
     * Name of the pause that a campaign or a journey is in, or of the stop that holds everything promotional: its messages wait for the end of
     * that one. What is cancelled waits for no stop. `now`: read for this call, and strongly consistent, where others may be
     * told what was so 3 seconds ago.
     */
    async pauseOf(plan: PlanRef, when: 'lately' | 'now' = 'lately'): Promise<string | undefined> {
      const { kind, id } = plan;
      // A test goes to colleagues only.
      if (kind === 'test') return undefined;
      const maxAgeMs = when === 'now' ? 0 : undefined;
      const ownOf = kind === 'campaign' ? campaign : kind === 'journey' ? journey : undefined;
      const pause = (await ownOf?.(id, maxAgeMs))?.pause;
      if (pause !== undefined) return waitName(id, pause);
      const stopped = await stop(EMERGENCY_STOP, maxAgeMs);
      if (!isInForce(stopped) || (await planOf(plan)).lane !== 'promotional') return undefined;
      return (await stopOf(plan)) ? undefined : waitName(EMERGENCY_STOP, stopped.number);
    },
    /** The speed of a campaign as it is now; undefined: it has none. */
    async speedOf({ kind, id }: PlanRef): Promise<Speed | undefined> {
      return kind === 'campaign' ? (await campaign(id))?.speed : undefined;
    },
    settings: (): Promise<DeliverySettings> => settings('delivery'),
    /** Who gets nothing promotional. */
    holdout: (): Promise<Holdout> => holdout('holdout'),
    linkSettings: (): Promise<LinkSettings> => links('links'),
  };
};
