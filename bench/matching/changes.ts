/** Rules that are added to a loaded snapshot, and as many that are removed. They follow those of the snapshot in the file. */
export const CHANGES = 200;
