import type { JourneyInput } from './journey-input.ts';

/** `published`: what it says is what people enter. Whoever changes it makes a draft of it, and what runs goes on as it was. */
export type JourneyState = 'draft' | 'published';

/** A journey as marketers write it; what runs of it is a LiveJourney. */
export type Journey = JourneyInput & {
  id: string;
  version: number;
  state: JourneyState;
  author: string;
  /** Everybody else who changed it: none of them may publish it. */
  editors: string[];
  createdMs: number;
  /** Of the version that was published last, and by whom. */
  hash?: string;
  publishedBy?: string;
};

export const isOwnJourney = ({ author, editors }: Pick<Journey, 'author' | 'editors'>, actor: string): boolean =>
  author === actor || editors.includes(actor);
