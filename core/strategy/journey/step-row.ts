import type { Step } from './participant.ts';

/**
 * A row of the lake table `participant_steps`: what a participant did at a node, and why. `way`: how they left it (the name of a
 * branch or an arm, `next`, `timeout` …), or how it ended. Rows may come twice; journey, profile, entry and step name one.
 */
export type StepRow = {
  journey_id: string;
  profile_id: string;
  /** How often the person has entered, this time included. */
  entry: number;
  /** Number of the step within the entry. */
  step: number;
  /** Hash of the journey's version. */
  version: string;
  node: string;
  kind: string;
  way: string;
  why: string;
  at_ms: number;
};

export const stepRow = (
  { profileId, journeyId }: { profileId: string; journeyId: string },
  { entry, step, hash, node, kind, way, why, atMs }: Step,
): StepRow => ({
  ...{ journey_id: journeyId, profile_id: profileId, entry, step, version: hash },
  ...{ node, kind, way, why, at_ms: atMs },
});
