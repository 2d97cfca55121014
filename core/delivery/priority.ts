/** A plan of high priority may use the touches that a cap reserves; the others leave them free. */
export const PRIORITIES = ['normal', 'high'] as const;
export type Priority = (typeof PRIORITIES)[number];
