import type { UnloadedRow } from '../../core/audience/segment-queries.ts';
import { collectDue, type DueTable, dueTableOf, dueTableText } from '../../core/delivery/due-table.ts';
import { type DueTimes, dueTimes, populationOf } from '../../core/delivery/due-times.ts';
import { isPopulationRow } from '../../core/measurement/activity-sql.ts';
import { createObject, isMissing, readObject } from '../adapters/objects.ts';

/** Where the table is, and the rows that it is made from: each call reads them from the first on. */
type Source = { bucket: string; key: string; rows: () => AsyncIterable<UnloadedRow> };

/**
 * When each recipient of a run is due. Reads the snapshot twice, for the population and then for the recipients, and keeps the
 * answer in an object. Running it twice is safe: whoever finds the object, or finds that somebody else was faster, takes that.
 */
export const settleDueTimes = async (
  { bucket, key, rows }: Source,
  asked: Omit<DueTimes, 'population'>,
): Promise<DueTable> => {
  const known = await readTable(bucket, key);
  if (known) return known;
  const population = 'best' in asked.sendTime ? await populationOf(rows(), asked.settings) : undefined;
  const dueOf = dueTimes({ ...asked, population });
  const due = collectDue();
  for await (const row of rows()) if (!isPopulationRow(row)) due.add(dueOf(row));
  if (await createObject(bucket, key, dueTableText(due.table()))) return due.table();
  const faster = await readTable(bucket, key);
  if (!faster) throw new Error(`${key} was written by somebody else, and is gone`);
  return faster;
};

const readTable = async (bucket: string, key: string): Promise<DueTable | undefined> => {
  try {
    return dueTableOf(await (await readObject(bucket, key)).text());
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};
