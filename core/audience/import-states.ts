/**
 * created: waits for its file, its mapping, or its start. checking and checked: a dry run. failed: `reason` says why; it
 * can be started again and goes on where it stopped.
 */
export const IMPORT_STATES = [
  'created',
  'checking',
  'checked',
  'running',
  'paused',
  'finished',
  'failed',
  'cancelled',
] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

/** What may happen to an import. People change, check, start, pause, resume and cancel; the rest is done by its state machine. */
export type ImportAction = 'change' | 'check' | 'report' | 'start' | 'pause' | 'resume' | 'cancel' | 'finish' | 'fail';

/** The one table of what may follow what: state → action → next state. What is not here is refused. */
export const transitions: Record<ImportState, Partial<Record<ImportAction, ImportState>>> = {
  created: { change: 'created', check: 'checking', start: 'running', cancel: 'cancelled' },
  // A change stops the dry run: what it would find is no longer what will be imported.
  checking: { change: 'created', report: 'checked', fail: 'failed', cancel: 'cancelled' },
  checked: { change: 'created', check: 'checking', start: 'running', cancel: 'cancelled' },
  running: { pause: 'paused', finish: 'finished', fail: 'failed', cancel: 'cancelled' },
  paused: { resume: 'running', cancel: 'cancelled' },
  failed: { change: 'created', check: 'checking', start: 'running', cancel: 'cancelled' },
  finished: {},
  cancelled: {},
};

/** The state after the action, or undefined when the action is not allowed in this state. */
export const nextImportState = (state: ImportState, action: ImportAction): ImportState | undefined =>
  transitions[state][action];
