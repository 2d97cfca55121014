import { routes } from '../../core/access/routes/delivery.ts';
import { goneOn, stopped } from '../../core/delivery/emergency-stop.ts';
import { DEFAULT_LINK_SETTINGS, type LinkSettings } from '../../core/delivery/links/link-settings.ts';
import { DEFAULT_SETTINGS, type DeliverySettings, settingsText } from '../../core/delivery/settings.ts';
import { DEFAULT_HOLDOUT, type HoldoutSettings, shuffled } from '../../core/strategy/holdout.ts';
import { definitions } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { emergencyStops, stopView } from './emergency-stops.ts';
import { env } from './manage-settings.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, RELEASE_MACHINE_ARN } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE, machines: { 'release-parked': RELEASE_MACHINE_ARN } };
const emergency = emergencyStops(defs, sinks);

/** Settings of all sends, and the stop of all. Running a change twice is safe: the second finds another version and is refused, or that it is done. */
export const handler = apiHandler('delivery/manage-settings', routes, {
  getEmergencyStop: async () => ({ body: stopView((await emergency.load()).stop) }),

  stopEverything: async ({ body: { reason }, actor, nowMs }) => ({
    body: stopView(
      await emergency.change(actor, nowMs, (before, version) => stopped(before, version, { by: actor, reason }, nowMs)),
    ),
  }),

  endEmergencyStop: async ({ actor, nowMs }) => ({
    body: stopView(await emergency.change(actor, nowMs, (before) => goneOn(before, actor, nowMs))),
  }),

  getDeliverySettings: async () => {
    const stored = await defs.get<DeliverySettings>('settings', 'delivery');
    return { body: { ...(stored?.body ?? DEFAULT_SETTINGS), version: stored?.version ?? 0 } };
  },

  putDeliverySettings: async ({ body: { version, ...settings }, actor, nowMs }) => {
    const entry = {
      subject: 'settings/delivery',
      action: 'change',
      actor,
      atMs: nowMs,
      version: version + 1,
      detail: settingsText(settings),
    };
    const outbox = [{ effect: 'audit' as const, entry }];
    const stored = await saveDefinition(defs, 'settings', 'delivery', settings, version, nowMs, outbox, sinks);
    return { body: { ...stored.body, version: stored.version } };
  },

  getHoldoutSettings: async () => {
    const stored = await defs.get<HoldoutSettings>('settings', 'holdout');
    return { body: { ...(stored?.body ?? DEFAULT_HOLDOUT), version: stored?.version ?? 0 } };
  },

  putHoldoutSettings: async ({ body: { version, percent, reshuffle }, actor, nowMs, newId }) => {
    const before = (await defs.get<HoldoutSettings>('settings', 'holdout'))?.body ?? DEFAULT_HOLDOUT;
    const settings = shuffled(before, { percent, reshuffle, newSalt: newId, nowMs });
    if (settings === 'too-soon') {
      const since = new Date(before.shuffledMs).toISOString();
      throw new Problem('state-conflict', `It is these people since ${since}, and for 30 days at least`);
    }
    const detail = `${percent} % get nothing promotional${reshuffle ? ', others than before' : ''}`;
    const entry = {
      subject: 'settings/holdout',
      action: 'change',
      actor,
      atMs: nowMs,
      version: version + 1,
      detail,
    };
    const outbox = [{ effect: 'audit' as const, entry }];
    const stored = await saveDefinition(defs, 'settings', 'holdout', settings, version, nowMs, outbox, sinks);
    return { body: { ...stored.body, version: stored.version } };
  },

  getLinkSettings: async () => {
    const stored = await defs.get<LinkSettings>('settings', 'links');
    return { body: { ...(stored?.body ?? DEFAULT_LINK_SETTINGS), version: stored?.version ?? 0 } };
  },

  putLinkSettings: async ({ body: { version, ...settings }, actor, nowMs }) => {
    const { tracking, topics } = settings;
    const noticed = (['clicks', 'opens'] as const).filter((one) => tracking[one]).join(' and ') || 'nothing';
    const entry = {
      subject: 'settings/links',
      action: 'change',
      actor,
      atMs: nowMs,
      version: version + 1,
      detail: `${noticed} noticed, not for ${tracking.notForSources.length} sources; ${topics.length} topics`,
    };
    const outbox = [{ effect: 'audit' as const, entry }];
    const stored = await saveDefinition(defs, 'settings', 'links', settings, version, nowMs, outbox, sinks);
    return { body: { ...stored.body, version: stored.version } };
  },
});
