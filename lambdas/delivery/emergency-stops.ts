import {
  EMERGENCY_STOP,
  type EmergencyStop,
  isInForce,
  type StopDecision,
} from '../../core/delivery/emergency-stop.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { type Sinks, saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { Problem } from '../middleware/problem.ts';

const ATTEMPTS = 5;

/** The one item that says whether anything promotional may go out. */
export const emergencyStops = (defs: Definitions, sinks: Sinks) => {
  const load = async (): Promise<{ stop: EmergencyStop | undefined; version: number }> => {
    const stored = await defs.get<EmergencyStop>('settings', EMERGENCY_STOP);
    return { stop: stored?.body, version: stored?.version ?? 0 };
  };
  return {
    load,

    /** Decides again when somebody else was faster. The end has the messages released that waited for it, whatever crashes. */
    async change(
      actor: string,
      nowMs: number,
      decide: (before: EmergencyStop | undefined, version: number) => StopDecision,
    ): Promise<EmergencyStop> {
      for (let attempt = 1; ; attempt += 1) {
        const { stop: before, version } = await load();
        const decision = decide(before, version);
        if (decision.kind === 'same') return decision.stop;
        if (decision.kind === 'refuse') throw new Problem(decision.problem, decision.detail);
        const { action, stop, detail } = decision;
        const subject = `settings/${EMERGENCY_STOP}`;
        const entry = { subject, action, actor, atMs: nowMs, version: version + 1, detail };
        const outbox: OutboxEntry[] = [{ effect: 'audit', entry }, ...(action === 'end' ? [release(stop)] : [])];
        try {
          return (await saveDefinition(defs, 'settings', EMERGENCY_STOP, stop, version, nowMs, outbox, sinks)).body;
        } catch (error) {
          if (!(error instanceof VersionConflict)) throw error;
          if (attempt === ATTEMPTS) throw new Problem('version-conflict', 'Others are changing it; try again');
        }
      }
    },
  };
};

const release = ({ number: pause }: EmergencyStop): OutboxEntry => ({
  effect: 'start-execution',
  machine: 'release-parked',
  name: `${EMERGENCY_STOP}-${pause}`,
  input: { campaignId: EMERGENCY_STOP, pause },
});

export const stopView = (stop: EmergencyStop | undefined) => {
  if (!stop) return { state: 'sending' as const };
  const { number: _name, ...shown } = stop;
  return { state: isInForce(stop) ? ('stopped' as const) : ('sending' as const), ...shown };
};
