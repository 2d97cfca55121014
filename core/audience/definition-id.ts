import * as z from 'zod/mini';

/** Id of a segment, list or audience as a reference. Also keeps what enters a query to harmless characters. */
export const definitionId = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/, 'An id of letters, digits, _ and -'));
