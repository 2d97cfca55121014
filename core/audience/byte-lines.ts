const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** A line of a window: its text is from `start` to `end`, the next one begins at `next`. */
export type ByteLine = { start: number; end: number; next: number };

/** Lines that are whole; of the final window also the last one without a newline. A CR at its end belongs to the break. */
export const byteLines = (window: Uint8Array, final: boolean): ByteLine[] => {
  const lines: ByteLine[] = [];
  let start = 0;
  for (;;) {
    const newline = window.indexOf(NEWLINE, start);
    if (newline === -1) break;
    lines.push({ start, end: withoutReturn(window, start, newline), next: newline + 1 });
    start = newline + 1;
  }
  const { length } = window;
  if (final && start < length) lines.push({ start, end: withoutReturn(window, start, length), next: length });
  return lines;
};

const withoutReturn = (window: Uint8Array, start: number, end: number): number =>
  end > start && window[end - 1] === RETURN ? end - 1 : end;
