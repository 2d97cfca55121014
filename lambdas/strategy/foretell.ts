import { NOT_AT_ALL } from '../../core/delivery/due-table.ts';
import { dueTimes } from '../../core/delivery/due-times.ts';
import { channelsOf } from '../../core/delivery/policy.ts';
import { DEFAULT_SETTINGS, type DeliverySettings } from '../../core/delivery/settings.ts';
import { durationMs } from '../../core/event/duration.ts';
import { armAt, bucketOf } from '../../core/strategy/assignment.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { splitOf } from '../../core/strategy/experiment/campaign-experiment.ts';
import { DEFAULT_HOLDOUT, type HoldoutSettings, holdoutOf } from '../../core/strategy/holdout.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import type { Recipient } from '../../core/strategy/pre-flight/fate.ts';
import type { Summary } from '../../core/strategy/pre-flight/pre-flight.ts';
import { foretold } from '../../core/strategy/pre-flight/summary.ts';
import { templateCheck } from '../../core/strategy/pre-flight/template-check.ts';
import { renderer } from '../../core/strategy/render.ts';
import { type Lookup, readsCatalogue } from '../../core/strategy/template/catalogue.ts';
import type { TemplateContent } from '../../core/strategy/template.ts';
import { contacts } from '../adapters/contacts.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { loadPlanVersion } from '../adapters/plan-versions.ts';
import { profiles } from '../adapters/profiles.ts';
import { rowOf } from '../adapters/recipients.ts';
import { rowsFor } from '../delivery/rows-for.ts';

export type Tables = { definitions: string; profiles: string; contacts: string };

type Asked = {
  campaign: Campaign;
  plan: PlanVersion;
  size: number;
  ids: readonly string[];
  atMs: number;
  nowMs: number;
};

/** What becomes of these people of the audience, as they are now, and what that says of all of it. Reads, and writes nothing. */
export const foretell = async (
  defs: Definitions,
  tables: Tables,
  { campaign, plan, size, ids, atMs, nowMs }: Asked,
): Promise<Omit<Summary, 'begins' | 'audience' | 'conflicts'>> => {
  const [people, states, settings, everywhere, templates, liquid] = await Promise.all([
    profiles(tables.profiles).readMany(ids),
    contacts(tables.contacts).getMany(ids, false),
    defs.get<DeliverySettings>('settings', 'delivery').then((stored) => stored?.body ?? DEFAULT_SETTINGS),
    defs.get<HoldoutSettings>('settings', 'holdout').then((stored) => stored?.body ?? DEFAULT_HOLDOUT),
    Promise.all((plan.variants ?? []).map(({ hash }) => loadPlanVersion(defs, plan.planId, hash))),
    import('liquidjs').then(renderer),
  ]);
  const recipients = ids.flatMap((id): Recipient[] => {
    const [profile, contact] = [people.get(id), states.get(id)];
    return profile && contact ? [{ row: rowOf(profile), contact }] : [];
  });
  const templateOf = templatesBy(plan, templates);
  const { renders, found } = templateCheck(
    liquid,
    templateOf,
    await catalogueFor(tables, liquid, [plan, ...templates], recipients),
  );
  const holdouts = [
    ...(plan.holdout ? [holdoutOf(campaign.runOf?.campaignId ?? campaign.id, plan.holdout)] : []),
    everywhere,
  ];
  const summary = foretold({
    ...{ plan, settings, recipients, size, nowMs, renders, holdouts },
    dueOf: dueOf(plan, settings, atMs),
    deadlineMs: plan.deadline ? atMs + durationMs(plan.deadline) : Number.POSITIVE_INFINITY,
    perMinute: campaign.speed?.perMinute,
  });
  return { ...summary, template: found() };
};

/** Whom their variant says what; who waits for the decision of an experiment is shown what is the default. */
const templatesBy = (
  { planId, template, variants = [], experiment }: PlanVersion,
  versions: readonly PlanVersion[],
): ((recipient: Recipient) => TemplateContent) => {
  const { salt, percents } = splitOf(planId, { variants, experiment });
  return ({ row }) => versions[armAt(percents, bucketOf(salt, row.profileId))]?.template ?? template;
};

const dueOf = ({ sendTime, ifLate, channelPolicy }: PlanVersion, settings: DeliverySettings, atMs: number) => {
  if (!sendTime || 'best' in sendTime) return () => atMs;
  const channels = channelsOf(channelPolicy);
  const asked = { sendTime, ifLate, runId: '', startMs: atMs, channels, settings, population: undefined };
  const find = dueTimes(asked);
  return ({ row }: Recipient): number | undefined => {
    const dueMs = find({ profile_id: row.profileId, ...(row.timeZone && { time_zone: row.timeZone }) });
    return dueMs === NOT_AT_ALL ? undefined : dueMs || atMs;
  };
};

/** The rows of reference tables that their messages ask for, in whichever content; undefined: none does. */
const catalogueFor = async (
  tables: Tables,
  liquid: ReturnType<typeof renderer>,
  plans: readonly PlanVersion[],
  recipients: readonly Recipient[],
): Promise<Lookup | undefined> => {
  const lookups = await Promise.all(
    plans.flatMap(({ template, channelPolicy }) => {
      const asking = channelsOf(channelPolicy).filter((channel) => readsCatalogue(template, channel));
      const messages = recipients.flatMap(({ row }) =>
        asking.map((channel) => ({ channel, variables: { profile: row } })),
      );
      return asking.length > 0 ? [rowsFor(tables.definitions, liquid, template, messages)] : [];
    }),
  );
  if (lookups.length === 0) return undefined;
  return (name) => {
    for (const lookup of lookups) {
      const row = lookup(name);
      if (row !== undefined) return row;
    }
    return undefined;
  };
};
