/**
 * Why a message came back, in the field's four classes. `hard`: the address takes no mail and will not. `soft`: not now (full,
 * switched off, a carrier in trouble). `undetermined`: nobody says, so it is counted like a soft one. `block`: about the
 * message or its sender (content, reputation, policy), so it says nothing against the address.
 */
export const BOUNCE_CLASSES = ['hard', 'soft', 'undetermined', 'block'] as const;
export type BounceClass = (typeof BOUNCE_CLASSES)[number];

/** Why a message that a channel had accepted did not arrive, other than that it bounced. None is about the address. */
export const LATE_FAILURES = ['message-refused', 'expired', 'fate-unknown', 'undeliverable'] as const;
export type LateFailure = (typeof LATE_FAILURES)[number];
