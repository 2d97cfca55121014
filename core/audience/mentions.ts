/**
 * Whether a stream of bytes holds one of these texts, as it is or as JSON or CSV quotes it, in UTF-8, UTF-16 or Latin-1: a file
 * that somebody uploaded may be in any of them. A text that begins in one chunk and ends in the next is found. It may find more than the texts: another person's longer
 * id, for example.
 */
export const mentions = (texts: readonly string[]): { in(chunk: Uint8Array): boolean } => {
  const needles = [
    ...new Set(
      texts
        .filter((text) => text !== '')
        .flatMap(quotings)
        .flatMap(spellings),
    ),
  ];
  const longest = Math.max(0, ...needles.map((needle) => needle.length));
  const any = needles.length > 0 ? new RegExp(needles.map(literal).join('|')) : /(?!)/;
  let rest = '';
  return {
    in(chunk) {
      const text = rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
      rest = longest > 1 ? text.slice(1 - longest) : '';
      return any.test(text);
    },
  };
};

/** The text as it may stand between the quotes of a file. */
const quotings = (text: string): string[] => [text, JSON.stringify(text).slice(1, -1), text.replaceAll('"', '""')];

/** The bytes of a text in each encoding, one character a byte. */
const spellings = (text: string): string[] => {
  const little = Buffer.from(text, 'utf16le');
  const big = Buffer.from(little).swap16();
  const latin = Buffer.from(text, 'latin1');
  const inLatin = latin.toString('latin1') === text ? [latin] : [];
  return [Buffer.from(text, 'utf8'), ...inLatin, little, big].map((bytes) => bytes.toString('latin1'));
};

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
