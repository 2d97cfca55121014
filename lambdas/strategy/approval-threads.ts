import { type Comment, commented, type Thread, threadId } from '../../core/strategy/approval/thread.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { Problem } from '../middleware/problem.ts';

const ATTEMPTS = 5;

/** What is said about submissions: an item for each, apart from the thing, so that a comment never stands in the way of a decision. */
export const approvalThreads = (defs: Definitions) => ({
  async comments(kind: string, id: string, submission: number): Promise<Comment[]> {
    const stored = await defs.get<Thread>('approval-thread', threadId(kind, id, submission));
    return stored?.body.comments ?? [];
  },

  /** Saying it again, with the same id, is harmless. */
  async say(kind: string, id: string, submission: number, comment: Comment): Promise<void> {
    const thread = threadId(kind, id, submission);
    for (let attempt = 1; ; attempt += 1) {
      const stored = await defs.get<Thread>('approval-thread', thread);
      const decision = commented(stored?.body ?? { comments: [] }, comment);
      if (decision.kind === 'same') return;
      if (decision.kind === 'refuse') throw new Problem(decision.problem, decision.detail);
      try {
        await defs.put('approval-thread', thread, decision.thread, stored?.version ?? 0, comment.atMs);
        return;
      } catch (error) {
        if (!(error instanceof VersionConflict)) throw error;
        if (attempt === ATTEMPTS) throw new Problem('version-conflict', 'Others are writing; try again');
      }
    }
  },
});
