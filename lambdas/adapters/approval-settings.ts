import { type ApprovalSettings, DEFAULT_APPROVAL_SETTINGS } from '../../core/strategy/approval/approval-settings.ts';
import type { Definitions } from './definitions.ts';

/** Who has to approve what, as the settings now say, and their version: 0 when nobody has set any. */
export const approvalSettingsOf = async (
  defs: Pick<Definitions, 'get'>,
): Promise<{ settings: ApprovalSettings; version: number }> => {
  const stored = await defs.get<ApprovalSettings>('settings', 'approvals');
  return { settings: stored?.body ?? DEFAULT_APPROVAL_SETTINGS, version: stored?.version ?? 0 };
};
