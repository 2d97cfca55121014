/** Memory as it is laid out: words of 32 bits, each at its address in bytes. */
export type Memory = {
  /** Words with these values. Gives the address of the first. */
  words(values: Iterable<number>): number;
  /** Doubles with these values, at a multiple of eight. */
  doubles(values: Float64Array): number;
  set(address: number, word: number): void;
  /** Goes on at a multiple of so many bytes. */
  align(bytes: number): void;
  /** The next address. */
  end(): number;
  toWords(): Int32Array;
};

export const layOutMemory = (): Memory => {
  const all: number[] = [];
  const words = (values: Iterable<number>): number => {
    const address = 4 * all.length;
    for (const word of values) all.push(word);
    return address;
  };
  const align = (bytes: number): void => {
    while ((4 * all.length) % bytes !== 0) all.push(0);
  };
  return {
    words,
    align,
    doubles: (values) => {
      align(8);
      return words(new Int32Array(values.buffer, values.byteOffset, 2 * values.length));
    },
    set: (address, word) => {
      all[address / 4] = word;
    },
    end: () => 4 * all.length,
    toWords: () => Int32Array.from(all),
  };
};
