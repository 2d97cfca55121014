import {
  againOf,
  type DeadLetter,
  type Failure,
  type LetterReason,
  type LetterSubject,
  reasonOf,
  subjectOf,
} from '../../core/delivery/dead-letter.ts';
import { deleteLetter, type Held, visitLetters } from '../adapters/dead-letters.ts';
import { doAgain } from '../adapters/do-again.ts';

/** Letters that one call looks at when it searches for some: about 10 s of receives. */
export const MAX_LOOKED = 2_000;
/** Letters that go within one call: about 6 s, ten at a time, besides the pauses. */
const MAX_GONE = 1_000;
/** The pauses of one call end well before the gateway gives up, at 30 s. */
const PAUSED_SECONDS = 15;
/** SQS keeps a message for 14 days after it was sent. */
const KEPT_MS = 14 * 86_400_000;

export type LetterView = LetterSubject & { id: string; sentMs: number; expiresMs: number; reason: LetterReason } & {
  redriveBy: ReturnType<typeof againOf>['by'];
};

/** What an operator is shown of it: nobody's name. */
export const viewOf = (
  letter: DeadLetter,
  failure: Failure | undefined,
  intendedArn: string | undefined,
): LetterView => ({
  id: letter.id,
  ...subjectOf(letter),
  sentMs: letter.sentMs,
  expiresMs: letter.sentMs + KEPT_MS,
  reason: reasonOf(letter, failure),
  redriveBy: againOf(letter, intendedArn).by,
});

/** Chosen ones among those that are held; without a choice all of them. */
const chosen = (held: readonly Held[], wanted: Set<string> | undefined): Held[] =>
  held.filter(({ letter }) => wanted === undefined || wanted.has(letter.id));

type Choice = { messageIds?: readonly string[] | undefined };
export type Redriven = { redriven: number; missing?: string[]; kept?: { id: string; why: string }[] };

/**
 * Has letters done again, the chosen ones or as many as the rate allows in one call. Each is deleted only when whoever does
 * it again has accepted it: a crash in between has it done twice, which is harmless, and loses nothing. `kept`: nobody accepts
 * these, and why.
 */
export const redriveLetters = async (
  queueUrl: string,
  {
    messageIds,
    messagesPerSecond,
    ...targets
  }: Choice & { messagesPerSecond: number; machineArn: string; intendedArn: string | undefined },
): Promise<Redriven> => {
  const wanted = messageIds && new Set(messageIds);
  const most = Math.min(MAX_GONE, messagesPerSecond * PAUSED_SECONDS);
  const kept: { id: string; why: string }[] = [];
  let redriven = 0;
  const limits = { max: wanted ? MAX_LOOKED : most, perSecond: messagesPerSecond };
  await visitLetters(queueUrl, limits, async (held) => {
    const gone: Held[] = [];
    const some = chosen(held, wanted).slice(0, most - redriven);
    await Promise.all(
      some.map(async (one) => {
        const { id } = one.letter;
        wanted?.delete(id);
        const why = await doAgain(one.letter, queueUrl, targets).catch((error: Error) => error.message);
        if (why !== undefined) return void kept.push({ id, why });
        await deleteLetter(queueUrl, one);
        gone.push(one);
      }),
    );
    redriven += gone.length;
    return { gone, enough: wanted?.size === 0 || redriven === most };
  });
  return { redriven, ...(wanted?.size && { missing: [...wanted] }), ...(kept.length > 0 && { kept }) };
};

/**
 * Deletes letters for good. What goes, and why, is in the audit log before it goes: what is deleted without a word is not
 * possible, and a crash in between leaves a letter that is said to be discarded, which the next call finds.
 */
export const discardLetters = async (
  queueUrl: string,
  { messageIds, reason, audit }: Choice & { reason: string; audit: (detail: string) => Promise<void> },
): Promise<{ discarded: number; missing?: string[] }> => {
  const wanted = messageIds && new Set(messageIds);
  let discarded = 0;
  await visitLetters(queueUrl, { max: wanted ? MAX_LOOKED : MAX_GONE }, async (held) => {
    const some = chosen(held, wanted);
    if (some.length === 0) return { gone: [] };
    const messages = some.map(({ letter }) => ({ id: letter.id, ...subjectOf(letter) }));
    await audit(JSON.stringify({ reason, messages }));
    await Promise.all(some.map((one) => deleteLetter(queueUrl, one)));
    for (const { letter } of some) wanted?.delete(letter.id);
    discarded += some.length;
    return { gone: some, enough: wanted?.size === 0 };
  });
  return { discarded, ...(wanted?.size && { missing: [...wanted] }) };
};
