export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Limits end in one of these words, whoever set them; V8 itself refuses strings of half a gigabyte. */
export const isTooCostly = (error: unknown): boolean => /limit exceeded|Invalid string length/.test(messageOf(error));

/** liquidjs errors know their token; its position is [line, column], from 1. */
export const lineOf = (error: unknown): number => {
  const token = (error as { token?: { getPosition?: () => [number, number] } }).token;
  return token?.getPosition?.()[0] ?? 1;
};
