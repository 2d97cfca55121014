import { channelsOf } from '../../core/delivery/policy.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import type { Template } from '../../core/strategy/template.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { levelsFor } from './levels-for.ts';

/** Who has to approve the campaign, and who must not for having written one of its templates: see `levelsFor`. */
export const policyOf = async (defs: Definitions, campaign: Campaign, actor: string) => {
  const { templateId, topic, channelPolicy } = campaign;
  const templateIds = new Set([templateId, ...(campaign.variants ?? []).map((variant) => variant.templateId)]);
  const templates = await Promise.all([...templateIds].map((id) => defs.get<Template>('template', id)));
  const writers = [...new Set(templates.flatMap((template) => template?.body.editors ?? []))];
  const facts = { kind: 'campaign' as const, topics: [topic], channels: channelsOf(channelPolicy) };
  return levelsFor(defs, campaign, writers, facts, actor);
};
