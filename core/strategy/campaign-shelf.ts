import { type Campaign, type CampaignInput, campaignInput } from './campaign.ts';
import { type Decision, refuse } from './campaign-decisions.ts';
import { isOver } from './campaign-states.ts';

const MAX_NAME = 100;

/** A campaign that nobody works on: nothing was sent of it yet, and nothing is about to be. */
const isDraft = ({ state }: Campaign): boolean => state === 'draft' || state === 'rejected';

/** Out of the lists, or back. What is on its way to somebody stays in sight, so only drafts and what is over can go. */
export const shelved = (campaign: Campaign, archived: boolean): Decision => {
  if ((campaign.archived ?? false) === archived) return { kind: 'same', campaign };
  if (archived && !isDraft(campaign) && !isOver(campaign.state)) {
    return refuse('state-conflict', `A campaign that is ${campaign.state} cannot be archived; cancel it first`);
  }
  const { archived: _before, ...rest } = campaign;
  const [action, after] = archived ? (['archive', { archived }] as const) : (['unarchive', {}] as const);
  return { kind: 'change', action, campaign: { ...rest, ...after }, detail: campaign.name };
};

/** What is on its way to somebody is in sight, whatever it says. */
export const isHidden = (campaign: Campaign): boolean =>
  campaign.archived === true && (isDraft(campaign) || isOver(campaign.state));

/** Gone for good. What was sent, or may be, is part of the record and stays. */
export const deleted = (campaign: Campaign, nowMs: number): Decision =>
  isDraft(campaign)
    ? { kind: 'change', action: 'delete', campaign: { ...campaign, deletedMs: nowMs }, detail: campaign.name }
    : refuse('state-conflict', `A campaign that is ${campaign.state} cannot be deleted; only drafts can`);

const COPY = ' (copy)';

/** The same content, for a draft of its own. */
export const copied = (campaign: Campaign): CampaignInput => {
  const fields = Object.keys(campaignInput.shape).filter((field) => field in campaign) as (keyof CampaignInput)[];
  const content = Object.fromEntries(fields.map((field) => [field, campaign[field]])) as CampaignInput;
  return { ...content, name: `${campaign.name.slice(0, MAX_NAME - COPY.length)}${COPY}` };
};
