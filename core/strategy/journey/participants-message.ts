import type { Stimulus } from './participant.ts';

/** What has happened to somebody in a journey, or may have, in its order. */
export type Stimuli = { profileId: string; journeyId: string; stimuli: Stimulus[] };

/**
 * Body of a message in the queue of participants: what happened to some people; or everybody who is inside a journey is
 * looked at; or the members of a live segment enter it; or a chain of executions begins, which lets people enter on schedule from `atMs` on. Those
 * of many people work page by page: `cursor` is the id after which to go on. Or an execution is to follow somebody who is traced. `counted`: what
 * becomes of these people at the door is counted, once for each number of a run.
 */
export type ParticipantsMessage =
  | { kind: 'stimuli'; people: Stimuli[]; counted?: Counted }
  | { kind: 'everybody'; journeyId: string; cursor?: string }
  | { kind: 'enter-members'; journeyId: string; segmentId: string; asOfMs: number; cursor?: string }
  | { kind: 'begin-chain'; journeyId: string; chain: number; atMs: number }
  | Follow;

export type Counted = { run: string; number: number };

/** See `TracingEffect`. */
export type Follow = { kind: 'follow'; profileId: string; journeyId: string; entry: number; follower: number };

/** SQS bills each 64 KB as a request. */
const MESSAGE_BYTES = 60 * 1024;

/** Packs stimuli into messages of at most 60 KB, or one person alone. What is of one person and journey stays together. */
export const chunkStimuli = (people: readonly Stimuli[]): Extract<ParticipantsMessage, { kind: 'stimuli' }>[] => {
  const chunks: Stimuli[][] = [];
  let room = 0;
  for (const one of people) {
    const bytes = Buffer.byteLength(JSON.stringify(one)) + 1;
    if (bytes > room) {
      chunks.push([]);
      room = MESSAGE_BYTES;
    }
    chunks.at(-1)?.push(one);
    room -= bytes;
  }
  return chunks.map((chunk) => ({ kind: 'stimuli', people: chunk }));
};
