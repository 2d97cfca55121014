import type { StageChange } from '../../core/audience/lead.ts';
import { groupOf } from '../../core/event/group-of.ts';
import { sendAll } from './queues.ts';

/** Has publish-stages tell of changes. Resolves when the queue holds them; the changes of one person are one group. */
export const sendStageChanges = (queueUrl: string, changes: readonly StageChange[]): Promise<void> =>
  sendAll(
    queueUrl,
    changes.map((change) => ({ body: change, group: groupOf(change.profileId) })),
  );
