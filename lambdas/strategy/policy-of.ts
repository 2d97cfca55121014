import { channelsOf } from '../../core/delivery/policy.ts';
import { impossibleLevel } from '../../core/strategy/approval/level.ts';
import { policyFor } from '../../core/strategy/approval/policy.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import type { Template } from '../../core/strategy/template.ts';
import { approvalSettingsOf } from '../adapters/approval-settings.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { Problem } from '../middleware/problem.ts';

/**
 * Who has to approve the campaign, by the settings in force, and who must not for having written one of its templates. Throws
 * `no-approver` when a level is left without enough people whose work it is not.
 */
export const policyOf = async (defs: Definitions, campaign: Campaign, actor: string) => {
  const { templateId, topic, channelPolicy, author, editors } = campaign;
  const templateIds = new Set([templateId, ...(campaign.variants ?? []).map((variant) => variant.templateId)]);
  const [{ settings }, ...templates] = await Promise.all([
    approvalSettingsOf(defs),
    ...[...templateIds].map((id) => defs.get<Template>('template', id)),
  ]);
  const writers = [...new Set(templates.flatMap((template) => template?.body.editors ?? []))];
  const facts = { kind: 'campaign' as const, topics: [topic], channels: channelsOf(channelPolicy) };
  const policy = policyFor(settings, facts);
  const level = impossibleLevel(policy.levels, new Set([author, actor, ...editors, ...writers]));
  if (level) {
    throw new Problem('no-approver', `${level.name} has too few people who did not write, edit or submit this`);
  }
  return { ...policy, writers };
};
