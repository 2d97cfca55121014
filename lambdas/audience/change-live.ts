import type { LiveSegment } from '../../core/audience/live/live-segment.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { type Sinks, saveDefinition } from '../adapters/outbox.ts';

const ATTEMPTS = 5;

/**
 * Changes a live segment, again when somebody else was faster. `change` sees it as it is and gives the same, or its next
 * state; the version is counted here. Undefined when the segment is not live. Throws VersionConflict when it stays contended.
 */
export const changeLive = async (
  { defs, sinks }: { defs: Definitions; sinks: Sinks },
  segmentId: string,
  nowMs: number,
  change: (stored: LiveSegment) => LiveSegment,
): Promise<LiveSegment | undefined> => {
  for (let attempt = 1; ; attempt += 1) {
    const stored = await defs.get<LiveSegment>('live-segment', segmentId);
    if (!stored || stored.body.state === 'off') return undefined;
    const next = { ...change(stored.body), version: stored.version + 1 };
    if (JSON.stringify({ ...next, version: stored.version }) === JSON.stringify(stored.body)) return stored.body;
    try {
      return (await saveDefinition(defs, 'live-segment', segmentId, next, stored.version, nowMs, [], sinks)).body;
    } catch (error) {
      if (!(error instanceof VersionConflict) || attempt === ATTEMPTS) throw error;
    }
  }
};
