import chardet from 'chardet';
import { ENCODINGS, type Encoding } from './import-form.ts';

/**
 * A guess below this is one of chance; most files of one byte a character are windows-1252, to which Excel saves. Its
 * relatives for other Latin alphabets differ from it in a few letters only, so a few names do not tell them apart.
 */
const SURE = 30;
const SURE_OF_RELATIVES = 45;
const RELATIVES = /^(windows-125[0478]|iso-8859-2)$/;

const MARKS: [number[], Encoding][] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** The byte order mark at the beginning of a file: what it says, and how long it is. */
export const byteOrderMark = (head: Uint8Array): { encoding?: Encoding; length: number } => {
  const [mark, encoding] = MARKS.find(([bytes]) => bytes.every((byte, n) => head[n] === byte)) ?? [];
  return { ...(encoding && { encoding }), length: mark?.length ?? 0 };
};

/**
 * The encoding of a file by samples of it, of which the first is its beginning: its mark, NULs at every other place
 * (UTF-16 without a mark), UTF-8 when most of what is not ASCII is valid UTF-8, else what chardet finds likeliest.
 */
export const detectEncoding = (samples: readonly Uint8Array[]): Encoding => {
  const [head = new Uint8Array()] = samples;
  const marked = byteOrderMark(head).encoding ?? unmarkedUtf16(head);
  if (marked) return marked;
  const counts = samples.map(countSequences);
  const valid = counts.reduce((sum, count) => sum + count.valid, 0);
  const broken = counts.reduce((sum, count) => sum + count.broken, 0);
  if (broken === 0 || valid > 2 * broken) return 'utf-8';
  const [guess] = chardet
    .analyse(joined(samples))
    .map(({ name, confidence }) => ({ encoding: known(name), confidence }))
    .filter(({ encoding }) => encoding);
  if (!guess?.encoding) return 'windows-1252';
  const enough = RELATIVES.test(guess.encoding) ? SURE_OF_RELATIVES : SURE;
  return guess.confidence >= enough ? guess.encoding : 'windows-1252';
};

/** ASCII in UTF-16 has a NUL in every second byte: the even ones when the high byte comes first. */
const unmarkedUtf16 = (head: Uint8Array): Encoding | undefined => {
  const sample = head.subarray(0, 4_096);
  const nuls = [0, 0] as [number, number];
  sample.forEach((byte, n) => {
    if (byte === 0) nuls[n % 2 === 0 ? 0 : 1] += 1;
  });
  const [even, odd] = nuls;
  if (odd > sample.length * 0.2 && even < odd / 10) return 'utf-16le';
  return even > sample.length * 0.2 && odd < even / 10 ? 'utf-16be' : undefined;
};

/** Sequences of bytes beyond ASCII that are UTF-8, and bytes that are not; a sequence cut off by an edge of the sample is neither. */
const countSequences = (bytes: Uint8Array): { valid: number; broken: number } => {
  const found = { valid: 0, broken: 0 };
  let at = 0;
  while (at < 3 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) {
      at += 1;
      continue;
    }
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    const follows = bytes.subarray(at + 1, at + length).every((next) => (next & 0xc0) === 0x80);
    if (at + length > bytes.length && follows) break;
    const isValid = byte >= 0xc2 && byte < 0xf5 && follows;
    found[isValid ? 'valid' : 'broken'] += 1;
    at += isValid ? length : 1;
  }
  return found;
};

const known = (name: string): Encoding | undefined => {
  try {
    const { encoding } = new TextDecoder(name);
    const found = ENCODINGS.find((one) => one === encoding);
    return found?.startsWith('utf-16') ? undefined : found;
  } catch {
    return undefined;
  }
};

const joined = (samples: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(samples.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const sample of samples) {
    all.set(sample, at);
    at += sample.length;
  }
  return all;
};
