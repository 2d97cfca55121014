/** Placeholder until the segment language lands: replaced by its author. */
export type Segment = unknown;
