/** Longer addresses than this are not followed: a gateway takes 10 KB of a request line. */
export const MAX_TARGET = 4_000;
