import { channelsOf } from '../../core/delivery/policy.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { freezePlan } from '../../core/strategy/plan-hash.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { renderer } from '../../core/strategy/render.ts';
import { contentOf, type TemplateContent } from '../../core/strategy/template.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { storePlanVersion } from '../adapters/plan-versions.ts';
import type { FieldError } from '../middleware/problem.ts';

/** What makes a template unfit for a campaign: absent, without content for a channel, or about an event. `path` names it. */
export const templateSlips = async (
  defs: Definitions,
  { templateId, path, channelPath }: { templateId: string; path: string; channelPath: (n: number) => string },
  { channelPolicy }: Pick<Campaign, 'channelPolicy'>,
): Promise<{ errors: FieldError[]; template?: TemplateContent }> => {
  const template = (await defs.get<TemplateContent>('template', templateId))?.body;
  if (!template) return { errors: [{ path, message: `There is no template ${templateId}` }] };
  const errors = [...channelsOf(channelPolicy).entries()].flatMap(([n, channel]) =>
    template.channels[channel] ? [] : [{ path: channelPath(n), message: `The template has no content for ${channel}` }],
  );
  const { event, window } = renderer(await import('liquidjs')).needsOf(template);
  if (event || window) {
    errors.push({ path, message: 'The template speaks of an event, which a campaign does not have' });
  }
  return { errors, template };
};

/** The contents of the variants, in their order, and everything that does not fit about them and the experiment. */
export const variantSlips = async (
  defs: Definitions,
  campaign: Campaign,
): Promise<{ errors: FieldError[]; templates: TemplateContent[] }> => {
  const { variants = [], experiment, templateId } = campaign;
  const found = await Promise.all(
    variants.map((variant, n) => {
      const path = `variants.${n}.templateId`;
      return templateSlips(defs, { templateId: variant.templateId, path, channelPath: () => path }, campaign);
    }),
  );
  const errors = found.flatMap((one) => one.errors);
  const chosen = variants.find(({ name }) => name === experiment?.defaultVariant);
  if (experiment && !chosen) {
    const message = `There is no variant ${experiment.defaultVariant}`;
    errors.push({ path: 'experiment.defaultVariant', message });
  }
  if (chosen ? chosen.templateId !== templateId : variants.every((one) => one.templateId !== templateId)) {
    if (variants.length > 0)
      errors.push({ path: 'templateId', message: 'It must be the template of the default variant' });
  }
  return { errors, templates: found.flatMap(({ template }) => template ?? []) };
};

/**
 * Stores a plan version for each variant: what senders are given for its recipients, who need know nothing of the others. Its hash
 * stands in the plan that is approved, so that nobody can change a variant afterwards. Running it twice is safe: the id is the
 * content's hash.
 */
export const storeVariants = async (
  defs: Definitions,
  plan: Omit<PlanVersion, 'hash'>,
  { variants = [] }: Campaign,
  templates: readonly TemplateContent[],
  nowMs: number,
): Promise<NonNullable<PlanVersion['variants']>> => {
  const { segment: _whom, holdout: _out, ...shared } = plan;
  const versions = variants.map(({ name, percent }, n) => {
    const version = freezePlan({ ...shared, template: contentOf(templates[n] as TemplateContent), variant: name });
    return { version, variant: { name, percent, hash: version.hash } };
  });
  for (const { version } of versions) await storePlanVersion(defs, version, nowMs);
  return versions.map(({ variant }) => variant);
};
