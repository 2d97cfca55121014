import { UnresolvableSegment } from '../../core/audience/resolve-segment.ts';
import { Problem } from '../middleware/problem.ts';

/** What the caller reads when a question about people refers to something that cannot be put in its place. */
export const orProblem = (error: unknown): never => {
  if (!(error instanceof UnresolvableSegment)) throw error;
  const { reason, message, errors } = error;
  throw new Problem(reason === 'unknown' ? 'invalid-reference' : 'invalid-segment', message, {
    ...(errors.length > 0 && { errors }),
  });
};
