import type { AudienceRef } from '../../core/audience/audience-ref.ts';
import { UnresolvableSegment } from '../../core/audience/resolve-segment.ts';
import type { ResolvedSegment } from '../../core/audience/segment.ts';
import { trackingOf } from '../../core/delivery/links/link-settings.ts';
import { channelsOf, policySlips } from '../../core/delivery/policy.ts';
import { durationMs } from '../../core/event/duration.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { freezePlan } from '../../core/strategy/plan-hash.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { nextOccurrence } from '../../core/strategy/schedule.ts';
import { beginsAtMs, longestWaitMs, shownWorldwide } from '../../core/strategy/send-time.ts';
import { contentOf } from '../../core/strategy/template.ts';
import { peopleOf } from '../adapters/audiences.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { linkSettingsOf } from '../adapters/link-settings.ts';
import { type FieldError, Problem } from '../middleware/problem.ts';
import { storeVariants, templateSlips, variantSlips } from './freeze-variants.ts';

/** A state machine lives for a year, a run may be paused for 30 days, and then takes a week to drain. */
const MAX_DAYS_AHEAD = 320;

/**
 * The plan version of a campaign with its audience and its templates as they are now; those of its variants are stored. Throws `invalid-reference` with
 * everything that does not fit, so that a marketer corrects it in one go.
 */
export const freezeCampaign = async (defs: Definitions, campaign: Campaign, nowMs: number): Promise<PlanVersion> => {
  const { id, name, topic, channelPolicy, budget, priority, deadline, templateId, audience, tracking } = campaign;
  const { sendAt, sendTime, ifLate, repeat, holdout, experiment } = campaign;
  const [segment, { template, errors: templateErrors }, links, variants] = await Promise.all([
    audienceOf(defs, audience),
    templateSlips(defs, { templateId, path: 'templateId', channelPath: (n) => `channelPolicy.${n}` }, campaign),
    linkSettingsOf(defs),
    variantSlips(defs, campaign),
  ]);
  const errors: FieldError[] = [];
  const shown = shownWorldwide(sendTime);
  const sendAtMs = beginsAtMs(campaign) ?? null;
  if (repeat) errors.push(...repeatSlips(campaign, nowMs));
  if (shown && sendAt !== undefined) {
    errors.push({
      path: 'sendAt',
      message: 'It begins where the clock shows the time of `sendTime` on that day first',
    });
  }
  if (shown && shown.toMs < nowMs) {
    errors.push({ path: 'sendTime.on', message: 'The time has passed everywhere' });
  }
  if (sendAtMs !== null && sendAtMs > nowMs + MAX_DAYS_AHEAD * 86_400_000) {
    errors.push({
      path: shown ? 'sendTime.on' : 'sendAt',
      message: `A campaign is scheduled at most ${MAX_DAYS_AHEAD} days ahead`,
    });
  }
  if (segment instanceof UnresolvableSegment) {
    errors.push({ path: `audience.${Object.keys(audience)[0]}`, message: segment.message });
  }
  const noticed = trackingOf(links, tracking, undefined);
  errors.push(...templateErrors, ...variants.errors, ...policySlips(channelPolicy, noticed));
  // Opens are heard of emails; a click is an open, too.
  const isHeard = { clicked: noticed.clicks, opened: noticed.clicks || (noticed.opens && isEmailed(channelPolicy)) };
  if (typeof experiment?.metric === 'string' && !isHeard[experiment.metric]) {
    errors.push({ path: 'experiment.metric', message: `Nobody is ever noticed to have ${experiment.metric} it` });
  }
  if (sendTime && deadline && durationMs(deadline) < longestWaitMs(sendTime)) {
    const hours = longestWaitMs(sendTime) / 3_600_000;
    errors.push({
      path: 'deadline',
      message: `Some are only due ${hours} hours after it has begun; that is too late for them`,
    });
  }
  if (segment instanceof UnresolvableSegment || !template || errors.length > 0) {
    throw new Problem('invalid-reference', errors.map(({ message }) => message).join('; '), { errors });
  }
  const content: Omit<PlanVersion, 'hash'> = {
    planKind: 'campaign',
    planId: id,
    name,
    topic,
    lane: 'promotional',
    ...(priority && { priority }),
    ...(deadline && { deadline }),
    channelPolicy,
    ...(budget !== undefined && { budget }),
    ...(tracking && { tracking }),
    template: contentOf(template),
    segment,
    sendAtMs,
    ...(holdout && { holdout }),
    ...(repeat && { repeat }),
    ...(sendTime && { sendTime }),
    ...(ifLate && { ifLate }),
  };
  if (!campaign.variants) return freezePlan(content);
  const stored = await storeVariants(defs, content, campaign, variants.templates, nowMs);
  return freezePlan({ ...content, variants: stored, ...(experiment && { experiment }) });
};

const isEmailed = (policy: Campaign['channelPolicy']): boolean => channelsOf(policy).includes('email');

/** What does not go together with times that come again. */
const repeatSlips = ({ repeat, sendAt, sendTime }: Campaign, nowMs: number): FieldError[] => {
  const slips: FieldError[] = [];
  if (sendAt !== undefined) slips.push({ path: 'sendAt', message: 'A campaign that repeats begins by its schedule' });
  if (shownWorldwide(sendTime)) slips.push({ path: 'sendTime.on', message: 'A campaign that repeats has many days' });
  if (repeat && !nextOccurrence(repeat.schedule, nowMs)) {
    slips.push({ path: 'repeat.schedule', message: 'All of its times have passed' });
  }
  return slips;
};

/** One rule for whom it is, with all that it refers to as that is now; or why there is none. Who is on a list is not frozen. */
const audienceOf = async (defs: Definitions, ref: AudienceRef): Promise<ResolvedSegment | UnresolvableSegment> => {
  try {
    return (await peopleOf(defs, ref)).tree;
  } catch (error) {
    if (error instanceof UnresolvableSegment) return error;
    throw error;
  }
};
