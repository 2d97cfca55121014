/** The text in an encoding that Buffer does not write: of windows-1252 only what it shares with Latin-1, and the euro sign. */
export const encoded = (text: string, encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'): Uint8Array => {
  if (encoding === 'utf-8') return new Uint8Array(Buffer.from(text));
  if (encoding === 'utf-16le') return new Uint8Array(Buffer.from(text, 'utf16le'));
  if (encoding === 'utf-16be') return new Uint8Array(Buffer.from(text, 'utf16le').swap16());
  return new Uint8Array([...text].map((sign) => (sign === '€' ? 0x80 : sign.charCodeAt(0))));
};
