import { TRIGGER_FAULTS, type TriggerFault } from '../../core/event/trigger-fault.ts';
import { countMetric } from '../middleware/count-metric.ts';

/** A trigger that cannot be carried out, through no fault of the event or of AWS: it is left out, the others go on. */
export class TriggerFailed extends Error {
  override name = 'TriggerFailed';
  readonly fault: TriggerFault;
  constructor({ id, name }: { id: string; name: string }, cause: unknown) {
    super(`Trigger ${id} failed: ${String(cause)}`, { cause });
    this.fault = { triggerId: id, name, error: String(cause) };
  }
}

/** Names the triggers in the log and counts them in a metric. */
export const reportFaults = (namespace: string, faults: readonly TriggerFault[], nowMs: number): void => {
  for (const fault of faults) {
    const message = 'A trigger cannot be carried out and is left out';
    countMetric(namespace, TRIGGER_FAULTS, nowMs, { level: 'ERROR', message, ...fault });
  }
};
