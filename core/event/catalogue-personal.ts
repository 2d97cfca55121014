/** Parts of property names that say that the values belong to one person, or are secret, wherever in the name they stand. */
const PARTS = new RegExp(
  [
    'name|login|author|recipient|sender|contact',
    'customer|client|user|owner|patient|member|guest|visitor|subscriber|employee|student|person|people',
    'mail|phone|mobile|address|street|location|latitude|longitude|coordinate',
    'birth|gender|salary|income|religio|ethnic|nationalit|sexual|politic',
    'health|disease|diagnos|medic|symptom|allerg|disab',
    'token|pass|secret|key|code|verif|credential|signature|session|cookie|coupon|voucher',
    'account|card|iban|licen|number',
    'comment|message|search',
  ].join('|'),
);

/** The same of words that are too short, or too common within others, to be looked for anywhere. */
const WORDS = new Set(
  [
    'tel fax wechat openid handle house zip postal ip ipv lat lon lng geo',
    'dob age sex race id ids uuid guid hash pwd pin pins otp otps auth bic pan cvv cvc ssn tax plate',
    'note notes text query term',
  ].flatMap((line) => line.split(' ')),
);

/** `OTPCode`, `userIDs`, `pin2`, `customer_id` → their words; `IPv4` is one only as a whole. */
const WORD = /[A-Z]+s?(?![a-z])|[A-Z]?[a-z]+/g;

/**
 * True when a name of a property says that its values belong to one person, or are secret. It errs on the safe side: a
 * `keyboard` has no examples either, which costs its reader a guess, and an `apikey` that had some would cost more.
 */
export const isPersonal = (name: string): boolean =>
  PARTS.test(name.toLowerCase()) ||
  [...(name.match(WORD) ?? []), ...name.split(/[^A-Za-z]+/)].some((word) => WORDS.has(word.toLowerCase()));
