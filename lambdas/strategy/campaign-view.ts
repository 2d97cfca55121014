import type { Approval } from '../../core/strategy/approval/approval.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import type { PreFlight } from '../../core/strategy/pre-flight/pre-flight-id.ts';

/** The API shows no task token, which would let its holder decide. */
export const approvalView = ({ taskToken: _secret, ...approval }: Approval) => approval;

/** The API shows everything but the task tokens and the names of pauses. */
export const campaignView = ({ approval, pause, ...campaign }: Campaign) => ({
  ...campaign,
  ...(approval && { approval: approvalView(approval) }),
  ...(pause && { pause: { by: pause.by, atMs: pause.atMs, reason: pause.reason } }),
});

/** Of one that runs the API does not show by what it is found again. */
export const preFlightView = (preFlight: PreFlight) => {
  if (preFlight.state !== 'running') return preFlight;
  const { queryId: _query, near: _near, counted: _counted, lost: _lost, ...shown } = preFlight;
  return shown;
};
