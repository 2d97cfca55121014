/** The file cannot be read, whatever else is tried; the message is for the person who uploaded it. */
export class UnusableIds extends Error {
  override name = 'UnusableIds';
}

/** Longer lines are no ids (128 characters), so the file is something else. */
const MAX_LINE_BYTES = 4_096;
const LINE_FEED = 10;

/**
 * Ids of a piece of a file, one a line (UTF-8, with or without a byte order mark, LF or CRLF). Empty lines give empty ids,
 * so that rows keep their number, but not the one after the last line feed. `bytes` begin at a line's start; they are the
 * file's end when `isLast`. `taken`: bytes up to the end of the last whole line. Throws UnusableIds.
 */
export const readIdsWindow = (
  bytes: Uint8Array,
  { isFirst, isLast }: { isFirst: boolean; isLast: boolean },
): { ids: string[]; taken: number } => {
  const taken = isLast ? bytes.length : bytes.lastIndexOf(LINE_FEED) + 1;
  const rest = bytes.length - taken;
  if (rest > MAX_LINE_BYTES) throw new UnusableIds(`A line has more than ${MAX_LINE_BYTES} bytes: one id a line`);
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, taken));
  const lines = (isFirst ? text.replace(/^\uFEFF/, '') : text).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return { ids: lines.map((line) => line.replace(/\r$/, '')), taken };
};
