import type { ProblemType } from '../../access/problems.ts';

export type Comment = { id: string; by: string; atMs: number; text: string };

/** What people say about one submission, whether or not they decide. */
export type Thread = { comments: Comment[] };

const MAX_COMMENTS = 100;

/** Definition of kind `approval-thread`. */
export const threadId = (kind: string, id: string, submission: number): string => `${kind}-${id}-${submission}`;

/** A comment of the same id was said before. 100 of 1,000 characters are 300 KB, and an item holds 400. */
export const commented = (
  thread: Thread,
  comment: Comment,
): { kind: 'change'; thread: Thread } | { kind: 'same' } | { kind: 'refuse'; problem: ProblemType; detail: string } => {
  if (thread.comments.some(({ id }) => id === comment.id)) return { kind: 'same' };
  if (thread.comments.length >= MAX_COMMENTS) {
    return { kind: 'refuse', problem: 'state-conflict', detail: `It has ${MAX_COMMENTS} comments, and holds no more` };
  }
  return { kind: 'change', thread: { comments: [...thread.comments, comment] } };
};
