/** A trigger that cannot be tried. It is left out, the others go on. */
export type TriggerFault = { triggerId: string; name: string; error: string };

/** Name of the metric that counts them, which an alarm watches. */
export const TRIGGER_FAULTS = 'TriggerFaults';
