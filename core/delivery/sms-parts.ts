/** Characters of GSM 03.38: each takes one place. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** Its extension: an escape and a character, so two places. */
const EXTENDED = '\f^{}\\[~]|€';
const PLACES = new Map([
  ...[...BASIC].map((sign) => [sign, 1] as const),
  ...[...EXTENDED].map((sign) => [sign, 2] as const),
]);

/** Places of a text that is one part, and of each part of one that is several: the header that joins them takes the rest. */
const ROOM = { 'gsm-7': { one: 160, several: 153 }, 'ucs-2': { one: 70, several: 67 } } as const;
export type SmsEncoding = keyof typeof ROOM;

/**
 * How a text message is sent, and billed: one character beyond GSM's makes all of it UCS-2, of 16 bits each. A character of two
 * places is not cut in half: when one place is left in a part it begins the next.
 */
export const smsParts = (text: string): { encoding: SmsEncoding; parts: number } => {
  const gsm = [...text].map((sign) => PLACES.get(sign));
  const encoding = gsm.every((places) => places !== undefined) ? 'gsm-7' : 'ucs-2';
  // Beyond the basic plane a character is two units of UTF-16, which JavaScript counts as `length`.
  const places = encoding === 'gsm-7' ? (gsm as number[]) : [...text].map((sign) => sign.length);
  const { one, several } = ROOM[encoding];
  if (places.reduce((sum, size) => sum + size, 0) <= one) return { encoding, parts: 1 };
  let [parts, left] = [1, several as number];
  for (const size of places) {
    if (size > left) [parts, left] = [parts + 1, several];
    left -= size;
  }
  return { encoding, parts };
};
