/** What the state machines act as in the audit log. */
export const MACHINE = 'herald';
