import type { Scalar } from '../audience/question.ts';

/**
 * What may be shown as an example of a property's values. The catalogue is read by everybody who may sign in, and events
 * are about people, so the rule keeps little: only values that belong to a choice of the app rather than to a person.
 * - true and false;
 * - numbers below a million with at most three decimals: longer ones may be phone numbers, cards, instants or places;
 * - text of one to four words joined by `-` or `_`, each of 1 to 16 letters (8 where letters have no case), lower case,
 *   upper case or capitalised: `gold`, `credit_card`, `EUR`. No digits, blanks or signs, so no e-mail address, phone
 *   number, date, address or token;
 * - nothing at all below a name that speaks of a person or a secret: `firstName`, `customer_id`, `couponCode`.
 */
export const isExample = (value: unknown): value is Scalar =>
  typeof value === 'string'
    ? value.length <= MAX_TEXT && !SIGN.test(value) && WORDS.test(value)
    : typeof value === 'number'
      ? Math.abs(value) < 1_000_000 && Math.abs(value * 1_000 - Math.round(value * 1_000)) < 1e-6
      : typeof value === 'boolean';

const MAX_TEXT = 64;
/** ASCII other than letters, `-` and `_`: most text has some, and this finds it ten times faster than WORDS. */
const SIGN = /[\0-,.-@[-^`{-\x7f]/;
const WORD = '(?:\\p{Ll}{1,16}|\\p{Lu}{1,16}|\\p{Lu}\\p{Ll}{1,15}|\\p{Lo}{1,8})';
const WORDS = new RegExp(`^${WORD}(?:[-_]${WORD}){0,3}$`, 'u');

/** Words of property names below which no example is kept. */
const PERSONAL = new Set(
  [
    'name names firstname lastname fullname surname nickname username user login author recipient sender',
    'mail email phone mobile tel telephone fax wechat openid handle contact',
    'address street house zip postal postcode ip lat lon lng latitude longitude geo location coordinates',
    'birth birthday birthdate dob age gender sex religion health diagnosis ethnicity nationality salary income',
    'id ids uuid guid key hash token secret password passwd pwd pass pin otp code coupon voucher signature session cookie auth',
    'iban bic account card pan cvv cvc ssn tax passport licence license plate',
    'note notes comment message text query search term',
  ].flatMap((line) => line.split(' ')),
);

/** True when a word of the name, parted by `_` or by a change of case, says that its values belong to one person. */
export const isPersonal = (name: string): boolean =>
  name.split(/_|(?<=[a-z0-9])(?=[A-Z])/).some((word) => PERSONAL.has(word.toLowerCase()));

/** Examples of one property. */
export const MAX_EXAMPLES = 5;

/**
 * Both lists as one, each value once. Of too many those with the lowest hashes stay: no list is favoured, and the result
 * is the same in whatever order lists are merged.
 */
export const mergeExamples = (some: readonly Scalar[], others: readonly Scalar[]): Scalar[] => {
  const texts = new Set([...some, ...others].map((value) => JSON.stringify(value)));
  return [...texts]
    .sort((a, b) => hashOf(a) - hashOf(b) || (a < b ? -1 : 1))
    .slice(0, MAX_EXAMPLES)
    .map((text) => JSON.parse(text) as Scalar);
};

/** FNV-1a, 32 bits. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
};
