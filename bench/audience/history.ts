import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CutOff, type Facts, type FactsRow, factsOf } from '../../core/audience/models/facts.ts';
import { factsSql } from '../../core/audience/models/facts-sql.ts';
import { LAKE_TABLES, type LakeTable } from '../../lib/lake-tables.ts';
import { createDuck } from '../../local/duck.ts';
import { inventPurchases, type Purchase, readPurchases } from '../../scripts/purchases.ts';

/** Purchases of 23,570 people who first bought in the first quarter of 1997 (Fader and Hardie, Interfaces 31, 2001). */
export const CDNOW = join(import.meta.dirname, '../../../shared/data/cdnow-purchases.txt.gz');

/** The real history where this machine has it, an invented one elsewhere; `source` says which. */
export const loadHistory = (path = CDNOW): { purchases: Purchase[]; source: string } =>
  existsSync(path)
    ? { purchases: readPurchases(path), source: path }
    : { purchases: inventPurchases(4_000), source: `an invented history of 4,000 people, for there is no ${path}` };

/** Facts of everybody at these cut-offs, by the query that a fit runs, on DuckDB. */
export const factsAt = async (purchases: readonly Purchase[], cutOffs: readonly CutOff[]): Promise<Facts[]> => {
  const root = mkdtempSync(join(tmpdir(), 'herald-bench-'));
  const duck = await createDuck(root);
  try {
    const day = '1998-07-01';
    const receivedMs = Date.parse(day);
    const rows: Partial<Record<LakeTable, object[]>> = {
      profiles: [...new Set(purchases.map(({ customer }) => customer))].map((profile_id) => ({
        ...{ profile_id, version: 1, updated_ms: receivedMs, attributes: '{}' },
        ...{ email: '', phone: '', push_token: '', time_zone: '', locale: '' },
      })),
      events: purchases.map(({ line, customer, timeMs, amount }) => ({
        ...{ id: `purchase-${line}`, type: 'purchase', profile_id: customer, source: 'shop' },
        ...{ time_ms: timeMs, received_ms: receivedMs, properties: JSON.stringify({ amount }) },
      })),
    };
    const tables = (Object.keys(LAKE_TABLES) as LakeTable[]).map((name) => {
      const folder = join(root, name, `dt=${day}`);
      mkdirSync(folder, { recursive: true });
      const file = join(folder, 'rows.json');
      const lines = (rows[name] ?? []).map((row) => `${JSON.stringify(row)}\n`);
      writeFileSync(file, lines.join(''));
      const columns = LAKE_TABLES[name].map((column): [string, string] => [column.name, column.type]);
      return { database: 'herald', name, columns, files: lines.length > 0 ? [file] : [] };
    });
    const sql = factsSql({ event: 'purchase', amount: 'amount', cutOffs, attributes: ['rfm_segment'] });
    const { result } = await duck.select(sql, 'herald', tables);
    return result.rows.map((row) =>
      factsOf(Object.fromEntries(row.map((value, n) => [result.columns[n], value])) as FactsRow, 1, []),
    );
  } finally {
    await duck.close();
    rmSync(root, { recursive: true, force: true });
  }
};
