import * as z from 'zod/mini';

/** Names of the WHATWG Encoding Standard, which TextDecoder knows. Those that are not here are no longer met in the wild. */
export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'windows-1258',
  'windows-874',
  'iso-8859-2',
  'iso-8859-5',
  'iso-8859-6',
  'iso-8859-7',
  'iso-8859-8',
  'koi8-r',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'big5',
  'gb18030',
] as const;
export type Encoding = (typeof ENCODINGS)[number];
export const DELIMITERS = [',', ';', '\t', '|'] as const;

/** How a file is written. `delimiter` and `header` mean nothing for NDJSON. */
export const fileForm = z.strictObject({
  format: z.enum(['csv', 'ndjson']),
  encoding: z.enum(ENCODINGS),
  delimiter: z.enum(DELIMITERS),
  /** The first row names the columns; without it they are called #1, #2 and so on. */
  header: z.boolean(),
});
export type FileForm = z.infer<typeof fileForm>;

/** The file cannot be imported, whatever is tried again: the message says why, in the marketer's words. */
export class UnusableFile extends Error {
  override name = 'UnusableFile';
}

/** Bytes of a file as ASCII-compatible ones, in which a line feed and a quote are one byte that is nothing else. */
export type ReadableBytes = {
  bytes: Uint8Array;
  /** Text of some of them. Throws a TypeError when they are not in the encoding. */
  decode: (bytes: Uint8Array) => string;
  /** How many bytes of the file the first so many of these are. */
  sourceBytes: (count: number) => number;
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Every encoding of the list but UTF-16 is ASCII-compatible in this sense: second bytes of its characters begin at 0x30, so
 * bytes can be split into records before they are decoded, and wrong ones spoil single records only. UTF-16 is made UTF-8;
 * its code units are two bytes each, so a place in the one is a place in the other.
 */
export const readableBytes = (window: Uint8Array, encoding: Encoding): ReadableBytes => {
  if (encoding === 'utf-16le' || encoding === 'utf-16be') {
    const units = window.subarray(0, window.length - (window.length % 2));
    const bytes = new TextEncoder().encode(new TextDecoder(encoding, { ignoreBOM: true }).decode(units));
    return {
      bytes,
      decode: (some) => utf8.decode(some),
      sourceBytes: (count) =>
        count === bytes.length ? window.length : 2 * utf8.decode(bytes.subarray(0, count)).length,
    };
  }
  const decoder = encoding === 'utf-8' ? utf8 : new TextDecoder(encoding, { fatal: true });
  return { bytes: window, decode: (some) => decoder.decode(some), sourceBytes: (count) => count };
};
