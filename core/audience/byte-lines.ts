const NEWLINE = 0x0a;

/** A line of a window: its text is from `start` to `end`, the next one begins at `next`. */
export type ByteLine = { start: number; end: number; next: number };

/** Lines that are whole; of the final window also the last one without a newline. CR before LF belongs to the break. */
export const byteLines = (window: Uint8Array, final: boolean): ByteLine[] => {
  const lines: ByteLine[] = [];
  let start = 0;
  for (;;) {
    const newline = window.indexOf(NEWLINE, start);
    if (newline === -1) break;
    lines.push({
      start,
      end: window[newline - 1] === 0x0d && newline > start ? newline - 1 : newline,
      next: newline + 1,
    });
    start = newline + 1;
  }
  if (final && start < window.length) lines.push({ start, end: window.length, next: window.length });
  return lines;
};
