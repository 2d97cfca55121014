const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A ULID (https://github.com/ulid/spec) that is the same for the same thing: its time, 48 bits, and the first 80 bits of a
 * hash (hex) of what it names. It sorts by time, and it does not tell what it names.
 */
export const ulidOf = (timeMs: number, hash: string): string =>
  encode(BigInt(timeMs), 10) + encode(BigInt(`0x${hash.slice(0, 20)}`), 16);

const encode = (value: bigint, length: number): string =>
  Array.from({ length }, (_, n) => DIGITS[Number((value >> BigInt(5 * (length - 1 - n))) & 31n)]).join('');
