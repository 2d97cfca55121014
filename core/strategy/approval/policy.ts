import type { Channel } from '../../delivery/channel.ts';
import { durationMs } from '../../event/duration.ts';
import { APPROVABLE_KINDS, type ApprovableKind, type ApprovalSettings, type PolicyLevel } from './approval-settings.ts';
import { DEFAULT_LEVELS, impossibleLevel, type Level } from './level.ts';

/** What conditions of levels ask about. */
export type ApprovalFacts = {
  kind: ApprovableKind;
  /** People; undefined: not known. */
  audience?: number | undefined;
  topics: readonly string[];
  channels: readonly Channel[];
};

export const appliesTo = ({ when = {} }: PolicyLevel, { kind, audience, topics, channels }: ApprovalFacts): boolean =>
  (when.kinds?.includes(kind) ?? true) &&
  (when.audienceLargerThan === undefined || audience === undefined || audience > when.audienceLargerThan) &&
  (when.topics?.some((topic) => topics.includes(topic)) ?? true) &&
  (when.channels?.some((channel) => channels.includes(channel)) ?? true);

/** What is frozen into a submission. Settings that are older than the approval of this kind say nothing about it: then one approver decides. */
export const policyFor = (
  { levels, remindAfter }: ApprovalSettings,
  facts: ApprovalFacts,
): { levels: Level[]; remindSeconds?: number } => {
  const own = levels
    .filter((level) => appliesTo(level, facts))
    .map(({ when, ...level }) => ({
      ...level,
      ...(facts.audience === undefined &&
        when?.audienceLargerThan !== undefined && { ifLargerThan: when.audienceLargerThan }),
    }));
  return {
    levels: own.length > 0 ? own : DEFAULT_LEVELS,
    ...(remindAfter && { remindSeconds: durationMs(remindAfter) / 1_000 }),
  };
};

const isAlways = ({ when: { kinds: _kinds, ...when } = {} }: PolicyLevel): boolean => Object.keys(when).length === 0;

/**
 * Why these settings cannot be saved: some kind of thing might have no level at all, or a level has too few different people.
 * Levels are asked together unless they are for other kinds or other topics.
 */
export const settingsSlips = ({ levels }: Pick<ApprovalSettings, 'levels'>): { path: string; message: string }[] => {
  const slips = new Map<string, string>();
  for (const kind of APPROVABLE_KINDS) {
    const own = levels.filter(({ when }) => when?.kinds?.includes(kind) ?? true);
    if (!own.some(isAlways))
      slips.set('levels', `A ${kind} might need nobody: one of its levels must have no other condition`);
    for (const topic of [undefined, ...levels.flatMap(({ when }) => when?.topics ?? [])]) {
      const together = own.filter(({ when }) => !when?.topics || (topic !== undefined && when.topics.includes(topic)));
      const level = impossibleLevel(together, new Set());
      if (!level) continue;
      const message = `${level.name} needs ${level.quorum} of people who serve no other level, and there are fewer`;
      slips.set(`levels.${levels.indexOf(level)}.people`, message);
    }
  }
  return [...slips].map(([path, message]) => ({ path, message }));
};
