import type { Approvable } from '../../core/strategy/approval/approval.ts';
import { noticeOf } from '../../core/strategy/approval/notice.ts';
import { approvalSettingsOf } from '../adapters/approval-settings.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { sendAll } from '../adapters/queues.ts';

/** Tells the webhook endpoint that the settings name, if they do, where the approval stands. Telling it again is harmless: see `noticeOf`. */
export const tellOfApproval = async (
  defs: Definitions,
  queueUrl: string,
  kind: string,
  thing: Approvable & { name: string },
): Promise<void> => {
  const { tell: endpointId } = (await approvalSettingsOf(defs)).settings;
  const notice = endpointId === undefined ? undefined : noticeOf(kind, thing);
  if (endpointId === undefined || !notice) return;
  await sendAll(queueUrl, [{ body: { endpointId, ...notice }, group: endpointId }]);
};
