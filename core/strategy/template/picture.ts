export type PictureKind = 'png' | 'jpg' | 'gif' | 'webp';
/** Pixels. */
export type Picture = { kind: PictureKind; width: number; height: number };

export const PICTURE_TYPES: Record<PictureKind, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};

/**
 * What kind of picture the bytes are, whatever they are called, and how large it is shown; undefined for what is none of those that mail programs
 * show. Headers as in the PNG specification (11.2.2), GIF89a (18), ITU T.81 (B.2.2) and the WebP container (RFC 9649, 2).
 */
export const pictureOf = (bytes: Buffer): Picture | undefined => {
  const found = png(bytes) ?? gif(bytes) ?? jpeg(bytes) ?? webp(bytes);
  return found && found.width > 0 && found.height > 0 ? found : undefined;
};

const png = (bytes: Buffer): Picture | undefined =>
  bytes.length >= 33 &&
  bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex')) &&
  bytes.toString('latin1', 12, 16) === 'IHDR'
    ? { kind: 'png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
    : undefined;

const gif = (bytes: Buffer): Picture | undefined =>
  bytes.length >= 13 && /^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6))
    ? { kind: 'gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }
    : undefined;

/** Markers that say how large it is: frames of every coding but the tables C4, C8 and CC. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

const jpeg = (bytes: Buffer): Picture | undefined => {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 9 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] as number;
    // Any number of FFs may stand before a marker.
    if (marker === 0xff) at += 1;
    else if (isFrame(marker))
      return { kind: 'jpg', width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    else at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
};

const webp = (bytes: Buffer): Picture | undefined => {
  const name = (from: number) => bytes.toString('latin1', from, from + 4);
  if (bytes.length < 30 || name(0) !== 'RIFF' || name(8) !== 'WEBP') return undefined;
  const kind = 'webp' as const;
  if (name(12) === 'VP8X') return { kind, width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  if (name(12) === 'VP8 ')
    return { kind, width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  if (name(12) !== 'VP8L' || bytes[20] !== 0x2f) return undefined;
  const bits = bytes.readUInt32LE(21);
  return { kind, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
};
