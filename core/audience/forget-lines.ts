import { ANONYMOUS } from '../event/identity.ts';
import type { Ids } from './cleansing.ts';
import type { PersonalLakeTable } from './personal-stores.ts';
import { snapshotRow, type UnloadedRow } from './segment-queries.ts';

/** What becomes of a line of a file: it stays, it goes (undefined), or another one takes its place. */
export type ForgetLine = (line: string) => string | undefined;

/** Rows of a lake table: those of these ids go. A line that is no JSON is nobody's. */
export const forgetRows =
  ({ people, anonymous = [] }: PersonalLakeTable, ids: Ids): ForgetLine =>
  (line) => {
    const row = parsed(line);
    const own =
      people.some((column) => ids.has(String(row[column]))) ||
      anonymous.some((column) => ids.has(ANONYMOUS + String(row[column])));
    return own ? undefined : line;
  };

/** A line of a snapshot part that is nobody's any more. Pointers count bytes, so it has as many as the line before. */
const blankLine = (bytes: number): string => '{}'.padEnd(bytes);

/** Lines of a snapshot part (SnapshotRow): those of these ids are blanked, and keep their place and length. */
export const forgetRecipients =
  (ids: Ids): ForgetLine =>
  (line) =>
    ids.has(String(parsed(line).profileId)) ? blankLine(Buffer.byteLength(line)) : line;

/**
 * Lines of an UNLOAD (UnloadedRow), of which parts may still be cut, or be cut again after a crash: what is left of the person
 * is what decides where the others stand, that is which channels had an address, which were known to be refused, which arm they
 * were in, and how long the line of the part is.
 */
export const forgetUnloaded =
  (ids: Ids): ForgetLine =>
  (line) => {
    const row = parsed(line) as Partial<UnloadedRow>;
    if (!ids.has(String(row.profile_id))) return line;
    const blank: UnloadedRow = {
      profile_id: '',
      ...(row.email && { email: 'erased' }),
      ...(row.phone && { phone: 'erased' }),
      ...(row.push_token && { push_token: 'erased' }),
      ...(row.wechat_open_id && { wechat_open_id: 'erased' }),
      ...(row.consents && { consents: row.consents }),
      ...(row.arm !== undefined && { arm: row.arm }),
      erased: Buffer.byteLength(JSON.stringify(snapshotRow(row as UnloadedRow))),
    };
    return JSON.stringify(blank);
  };

/** Lines of the UNLOAD that a fit of a model reads (FactsRow), by their numbers: what is left counts for nobody. */
export const forgetFacts =
  (ids: Ids): ForgetLine =>
  (line) =>
    ids.has(String(parsed(line).profile_id)) ? JSON.stringify({ profile_id: '', part: 'train', purchases: 0 }) : line;

/** Lines of the sample that estimates are made from (SampledPerson): those of these ids go. */
export const forgetSampled =
  (ids: Ids): ForgetLine =>
  (line) => {
    const { profileId } = (parsed(line).profile ?? {}) as { profileId?: string };
    return profileId !== undefined && ids.has(profileId) ? undefined : line;
  };

const parsed = (line: string): Record<string, unknown> => {
  try {
    return (JSON.parse(line) as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
};
