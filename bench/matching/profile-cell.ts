import { profileDecode } from '../profile-decode.ts';

/** Prints the cost of decoding a profile, measured in this process, as one line of JSON. */
export type ProfileDecode = { parseUs: number; decodeUs: number; unmarshallUs: number };

console.log(JSON.stringify((await profileDecode()) satisfies ProfileDecode));
