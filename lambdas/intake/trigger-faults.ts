import { TRIGGER_FAULTS, type TriggerFault } from '../../core/event/trigger-fault.ts';

/** A trigger that cannot be carried out, through no fault of the event or of AWS: it is left out, the others go on. */
export class TriggerFailed extends Error {
  override name = 'TriggerFailed';
  readonly fault: TriggerFault;
  constructor({ id, name }: { id: string; name: string }, cause: unknown) {
    super(`Trigger ${id} failed: ${String(cause)}`, { cause });
    this.fault = { triggerId: id, name, error: String(cause) };
  }
}

/**
 * Names the triggers in the log and counts them in a metric, in one line of the embedded metric format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * Written to stdout itself, for the console of Lambda would wrap it.
 */
export const reportFaults = (namespace: string, faults: readonly TriggerFault[], nowMs: number): void => {
  for (const fault of faults) {
    const directive = { Namespace: namespace, Dimensions: [[]], Metrics: [{ Name: TRIGGER_FAULTS, Unit: 'Count' }] };
    const line = {
      _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] },
      level: 'ERROR',
      message: 'A trigger cannot be carried out and is left out',
      ...fault,
      [TRIGGER_FAULTS]: 1,
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
};
