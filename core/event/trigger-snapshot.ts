import { UnknownSnapshot } from './matcher/snapshot.ts';
import type { ActiveTrigger } from './trigger-set.ts';

/**
 * The triggers in force as one object: eight bytes of MAGIC, the length of the directory and that of the whole, the directory
 * (JSON), the matcher, and each trigger as JSON, which is read only when an event matches it.
 */
const MAGIC = 'HeraldT2';
const HEADER = 16;

type Directory = {
  asOfMs: number;
  /** Length of the matcher, which comes first behind the directory. */
  matcherBytes: number;
  /** [id, version, length of its JSON], in the order of the JSON texts behind the matcher. */
  triggers: [string, number, number][];
};

const aligned = (length: number): number => Math.ceil(length / 4) * 4;

export const writeTriggers = (content: {
  asOfMs: number;
  matcher: Uint8Array;
  triggers: readonly ActiveTrigger[];
}): Uint8Array => {
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const texts = content.triggers.map(encode);
  const directory: Directory = {
    asOfMs: content.asOfMs,
    matcherBytes: content.matcher.byteLength,
    triggers: content.triggers.map(({ id, version }, n) => [id, version, texts[n]?.byteLength ?? 0]),
  };
  const head = encode(directory);
  const matcherAt = HEADER + aligned(head.byteLength);
  const textsAt = matcherAt + aligned(content.matcher.byteLength);
  const bytes = new Uint8Array(textsAt + texts.reduce((sum, text) => sum + text.byteLength, 0));
  bytes.set(new TextEncoder().encode(MAGIC));
  const lengths = new DataView(bytes.buffer);
  lengths.setUint32(8, head.byteLength, true);
  lengths.setUint32(12, bytes.byteLength, true);
  bytes.set(head, HEADER);
  bytes.set(content.matcher, matcherAt);
  let at = textsAt;
  for (const text of texts) {
    bytes.set(text, at);
    at += text.byteLength;
  }
  return bytes;
};

/** Throws UnknownSnapshot for what another release wrote, and for what did not arrive whole. */
export const readTriggers = (snapshot: Uint8Array) => {
  const bytes = snapshot.byteOffset % 4 === 0 ? snapshot : snapshot.slice();
  const decode = (from: number, length: number) => new TextDecoder().decode(bytes.subarray(from, from + length));
  if (decode(0, 8) !== MAGIC) throw new UnknownSnapshot(`It does not begin with ${MAGIC}`);
  if (bytes.byteLength < HEADER) throw new UnknownSnapshot(`It has ${bytes.byteLength} bytes`);
  const lengths = new DataView(bytes.buffer, bytes.byteOffset);
  const [length, whole] = [lengths.getUint32(8, true), lengths.getUint32(12, true)];
  if (whole !== bytes.byteLength) throw new UnknownSnapshot(`It has ${bytes.byteLength} bytes, not ${whole}`);
  const { asOfMs, matcherBytes, triggers } = JSON.parse(decode(HEADER, length)) as Directory;
  const matcherAt = HEADER + aligned(length);
  let at = matcherAt + aligned(matcherBytes);
  const places = new Map(
    triggers.map(([id, version, own]) => {
      at += own;
      return [id, { version, at: at - own, length: own }] as const;
    }),
  );
  const known = new Map<string, ActiveTrigger>();
  return {
    asOfMs,
    matcher: bytes.subarray(matcherAt, matcherAt + matcherBytes),
    ids: () => places.keys(),
    versionOf: (id: string): number => places.get(id)?.version ?? 0,
    get: (id: string): ActiveTrigger | undefined => {
      const place = places.get(id);
      const trigger = known.get(id) ?? (place && (JSON.parse(decode(place.at, place.length)) as ActiveTrigger));
      if (trigger) known.set(id, trigger);
      return trigger;
    },
  };
};
