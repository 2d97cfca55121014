/** See dynalite.mjs. */
export const openTables: (
  path?: string,
) => (
  action: string,
  data: object,
  answer: (status: number, result: Record<string, unknown>, units: number) => void,
) => void;
