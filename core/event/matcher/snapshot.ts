import type { IndexLayout } from './layout.ts';
import type { Part, Section } from './section.ts';

/**
 * The bytes of a matcher: eight bytes of MAGIC, the length of the directory, the directory (JSON), then what it points into.
 * Every block begins at a multiple of four, so that integers are read where they lie. Integers are little-endian.
 */
const MAGIC = 'HeraldM1';
const HEADER = 12;

/** The bytes are not a snapshot of this version: build it anew. */
export class UnknownSnapshot extends Error {
  override name = 'UnknownSnapshot';
}

/** [offset behind the directory, length in bytes] */
type Block = [number, number];
type StoredPart = { few: Extract<Part, { few: unknown }>['few'] } | { layout: IndexLayout; words: Block };
type StoredSection = Omit<Section, 'rules' | 'gate'> & { rules: StoredPart; gate: StoredPart };
/** Event type → JSON of its StoredSection. */
type Directory = Record<string, Block>;

export const writeSnapshot = (sections: ReadonlyMap<string, Section>): Uint8Array => {
  const blocks: Uint8Array[] = [];
  let end = 0;
  const store = (bytes: Uint8Array): Block => {
    const offset = end;
    blocks.push(bytes);
    end += Math.ceil(bytes.byteLength / 4) * 4;
    return [offset, bytes.byteLength];
  };
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const storeInts = (ints: Int32Array) => store(new Uint8Array(ints.buffer, ints.byteOffset, ints.byteLength));
  const storePart = (part: Part): StoredPart => {
    if ('few' in part) return part;
    const { layout, words } = part.index;
    return { layout, words: storeInts(words) };
  };
  const directory: Directory = Object.fromEntries(
    [...sections].map(([type, section]) => {
      const stored: StoredSection = { ...section, rules: storePart(section.rules), gate: storePart(section.gate) };
      return [type, store(encode(stored))];
    }),
  );
  const head = encode(directory);
  const start = HEADER + Math.ceil(head.byteLength / 4) * 4;
  const bytes = new Uint8Array(start + end);
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(8, head.byteLength, true);
  bytes.set(head, HEADER);
  let at = start;
  for (const block of blocks) {
    bytes.set(block, at);
    at += Math.ceil(block.byteLength / 4) * 4;
  }
  return bytes;
};

/** Event types of a snapshot, each read when it is asked for. Throws UnknownSnapshot. */
export const readSnapshot = (snapshot: Uint8Array): { types: ReadonlySet<string>; section(type: string): Section } => {
  const { directory, start, bytes } = readDirectory(snapshot);
  const slice = ([offset, length]: Block) => bytes.subarray(start + offset, start + offset + length);
  const ints = (block: Block) => {
    const { buffer, byteOffset, byteLength } = slice(block);
    return new Int32Array(buffer, byteOffset, byteLength / 4);
  };
  const readPart = (part: StoredPart): Part =>
    'few' in part ? part : { index: { layout: part.layout, words: ints(part.words) } };
  return {
    types: new Set(directory.keys()),
    section: (type) => {
      const block = directory.get(type);
      if (!block) throw new RangeError(`The snapshot has no rules for ${type}`);
      const stored = JSON.parse(new TextDecoder().decode(slice(block))) as StoredSection;
      return { ...stored, rules: readPart(stored.rules), gate: readPart(stored.gate) };
    },
  };
};

const readDirectory = (snapshot: Uint8Array) => {
  // A buffer of a pool may begin anywhere; integers must not.
  const bytes = snapshot.byteOffset % 4 === 0 ? snapshot : snapshot.slice();
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC)
    throw new UnknownSnapshot(`It does not begin with ${MAGIC}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  const text = new TextDecoder().decode(bytes.subarray(HEADER, HEADER + length));
  const directory = new Map(Object.entries(JSON.parse(text) as Directory));
  return { directory, start: HEADER + Math.ceil(length / 4) * 4, bytes };
};
