import type { Approval } from '../../core/strategy/approval/approval.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';

/** The API shows no task token, which would let its holder decide. */
export const approvalView = ({ taskToken: _secret, ...approval }: Approval) => approval;

/** The API shows everything but the task tokens and the names of pauses. */
export const campaignView = ({ approval, pause, ...campaign }: Campaign) => ({
  ...campaign,
  ...(approval && { approval: approvalView(approval) }),
  ...(pause && { pause: { by: pause.by, atMs: pause.atMs, reason: pause.reason } }),
});
