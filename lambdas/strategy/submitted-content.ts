import type { SubmittedSegment } from '../../core/audience/segment-change.ts';
import type { SubmittedTrigger } from '../../core/event/trigger-approval.ts';
import type { ApprovableKind } from '../../core/strategy/approval/approval-settings.ts';
import type { SubmittedJourney } from '../../core/strategy/journey/journey.ts';
import { readableVersion } from '../../core/strategy/journey/readable-version.ts';
import type { SubmittedTemplate } from '../../core/strategy/template/template-change.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { journeys } from '../adapters/journeys.ts';
import { loadPlanVersion } from '../adapters/plan-versions.ts';
import { loadSubmission } from '../adapters/submissions.ts';

/** What people read of a submission, and compare with another: not by which names it is found. */
export const submittedContent: Record<
  ApprovableKind,
  (defs: Definitions, id: string, hash: string) => Promise<Record<string, unknown>>
> = {
  /** Of each variant what it says, which the plan only names by a hash. */
  async campaign(defs, id, hash) {
    const { planKind: _kind, planId: _id, hash: _hash, variants, ...content } = await loadPlanVersion(defs, id, hash);
    if (!variants) return content;
    const versions = await Promise.all(variants.map((variant) => loadPlanVersion(defs, id, variant.hash)));
    const shown = variants.map(({ name, percent }, n) => ({ name, percent, template: versions[n]?.template }));
    return { ...content, variants: shown };
  },

  async journey(defs, id, hash) {
    const { version: of, inside } = await loadSubmission<SubmittedJourney>(defs, 'journey', id, hash);
    const version = await journeys(defs).versionOf(id, of);
    const plans = Object.values(version.nodes).flatMap((node) => ('plan' in node ? [node.plan] : []));
    const loaded = await Promise.all(plans.map((plan) => loadPlanVersion(defs, id, plan)));
    return { inside, ...readableVersion(version, Object.fromEntries(loaded.map((plan) => [plan.hash, plan]))) };
  },

  async segment(defs, id, hash) {
    return loadSubmission<SubmittedSegment>(defs, 'segment', id, hash);
  },

  async template(defs, id, hash) {
    const { template, plans } = await loadSubmission<SubmittedTemplate>(defs, 'template', id, hash);
    return { ...template, plans: plans.map(({ kind, id, name }) => ({ kind, id, name })) };
  },

  async trigger(defs, id, hash) {
    const { input, plan } = await loadSubmission<SubmittedTrigger>(defs, 'trigger', id, hash);
    return { ...input, template: (await loadPlanVersion(defs, id, plan)).template };
  },
};
