import type { Sql } from '../../core/audience/sql.ts';
import { experimentCountQuery, visitsOf } from '../../core/measurement/experiment-sql.ts';
import {
  experimentsIn,
  type JourneyExperiment,
  journeyExperimentId,
  timeForGoal,
} from '../../core/strategy/experiment/journey-experiment.ts';
import { begunExperiment, lookedAt } from '../../core/strategy/experiment/look-at-experiment.ts';
import { settledCounts, withSettled } from '../../core/strategy/experiment/settled.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { type Sinks, saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';

export type CountPorts = {
  defs: Definitions;
  sinks: Sinks;
  versionOf(journeyId: string, hash: string): Promise<JourneyVersion>;
  /** Rows of a query over the lake. Throws when it fails. */
  query(sql: Sql): Promise<Record<string, string | null>[]>;
};

/** Counted once a day: whoever comes again sooner finds it done. */
const EVERY_MS = 12 * 3_600_000;
/** Steps take a minute to the lake, and events that are on time, a little more. Who has just run out of time counts the next time. */
const ARRIVES_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
/** Apps send some events days late: so long after somebody's time is over, what is heard of it changes what they count for. */
const SETTLES_MS = 7 * DAY_MS;

/**
 * Counts the experiments of the version in force, and notes what follows: new shares, or a decision. Gives how many. Running it twice is safe:
 * what was counted lately is left alone, and of two who count at once the first one is kept, for who is counted for good, and until when, is one
 * item. A day that was missed is in the next count.
 */
export const countJourney = async (ports: CountPorts, live: LiveJourney, nowMs: number): Promise<number> => {
  const { defs, versionOf } = ports;
  const current = await versionOf(live.id, live.current);
  let counted = 0;
  let others: JourneyVersion[] | undefined;
  for (const own of experimentsIn(current)) {
    const id = journeyExperimentId(live.id, own.id, own.key);
    const stored = await defs.get<JourneyExperiment>('journey-experiment', id);
    if (stored && (stored.body.decision || stored.body.countedMs > nowMs - EVERY_MS)) continue;
    others ??= await Promise.all(live.versions.map(({ hash }) => versionOf(live.id, hash)));
    const going = live.versions.filter((_, n) =>
      experimentsIn(others?.[n] ?? current).some(({ id: at, key }) => at === own.id && key === own.key),
    );
    // It began with the first of them, be it that no count has succeeded before there was another.
    const before = stored?.body ?? begunExperiment(live.id, own, Math.min(...going.map(({ sinceMs }) => sinceMs)));
    const versions = [...new Set([...before.versions, ...going.map(({ hash }) => hash)])];
    // Those inside may be a little behind.
    const settledMs = before.settled?.toMs ?? before.startedMs - DAY_MS;
    const settlesMs = Math.max(settledMs, nowMs - SETTLES_MS);
    const rows = await ports.query(
      experimentCountQuery({
        ...{ journeyId: live.id, node: own.id, goal: own.node.goal, time: timeForGoal(current, own.node) },
        ...{ versions, settledMs, settlesMs, nowMs: nowMs - ARRIVES_MS },
      }),
    );
    const visits = visitsOf(rows);
    const counts = [...settledCounts(before.settled), ...visits];
    const settled = withSettled(before.settled, visits, before.rounds, settlesMs);
    const after = lookedAt({ ...before, versions, settled }, current, own.node, counts, nowMs);
    await save(ports, id, after, stored?.version ?? 0, nowMs);
    counted += 1;
  }
  return counted;
};

const save = async (
  { defs, sinks }: CountPorts,
  id: string,
  experiment: JourneyExperiment,
  before: number,
  nowMs: number,
): Promise<void> => {
  const { journeyId, node, decision } = experiment;
  const outbox: OutboxEntry[] = decision
    ? [
        {
          effect: 'audit',
          entry: {
            ...{ subject: `journey/${journeyId}`, action: 'decide-experiment', actor: MACHINE, atMs: nowMs },
            ...{ version: before + 1, detail: `${node}: ${decision.arm} (${decision.because})` },
          },
        },
      ]
    : [];
  try {
    await saveDefinition(defs, 'journey-experiment', id, experiment, before, nowMs, outbox, sinks);
  } catch (error) {
    if (!(error instanceof VersionConflict)) throw error;
  }
};
