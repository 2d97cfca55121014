import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SegmentMemberRow } from '../../core/audience/live/membership-change.ts';
import type { ListMemberRow } from '../../core/audience/membership.ts';
import type { ProfileRow } from '../../core/audience/profile.ts';
import type { ConsentRow } from '../../core/delivery/consent.ts';
import type { OutcomeRow } from '../../core/delivery/outcome.ts';
import type { EventRow } from '../../core/event/event.ts';
import type { IdentityRow } from '../../core/event/identity.ts';
import type { StepRow } from '../../core/strategy/journey/step-row.ts';
import { LAKE_TABLES, type LakeTable as TableName } from '../../lib/lake-tables.ts';
import { createDuck, type LakeTable } from '../../local/duck.ts';

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/**
 * A lake of NDJSON files, queried through the DuckDB of the local cloud, which refuses what Trino would not understand.
 * Rows go to the partition of their day of arrival.
 */
export const createLake = async () => {
  const root = mkdtempSync(join(tmpdir(), 'herald-lake-'));
  const duck = await createDuck(root);
  const tables = new Map<string, LakeTable>();
  // Files of other days stay, for making and removing hundreds of folders takes longer than the queries: only `files` is read.
  const made = new Set<string>();
  const write = <T extends object>(name: TableName, rows: readonly T[], arrivedMs: (row: T) => number) => {
    const files = [...Map.groupBy(rows, (row) => dayOf(arrivedMs(row)))].map(([day, some]) => {
      const folder = join(root, name, `dt=${day}`);
      if (!made.has(folder)) mkdirSync(folder, { recursive: true });
      made.add(folder);
      const file = join(folder, 'rows.json');
      writeFileSync(file, some.map((row) => `${JSON.stringify(row)}\n`).join(''));
      return file;
    });
    tables.set(name, {
      database: 'herald',
      name,
      columns: LAKE_TABLES[name].map((column): [string, string] => [column.name, column.type]),
      files,
    });
  };
  const empty = () => {
    write('events', [], () => 0);
    write('profiles', [], () => 0);
    write('outcomes', [], () => 0);
    write('consents', [], () => 0);
    write('identities', [], () => 0);
    write('list_members', [], () => 0);
    write('lead_stages', [], () => 0);
    write('segment_members', [], () => 0);
    write('participant_steps', [], () => 0);
  };
  empty();
  return {
    events: (rows: readonly EventRow[]) => write('events', rows, (row) => row.received_ms),
    profiles: (rows: readonly ProfileRow[]) => write('profiles', rows, (row) => row.updated_ms),
    consents: (rows: readonly ConsentRow[]) => write('consents', rows, (row) => row.at_ms),
    identities: (rows: readonly IdentityRow[]) => write('identities', rows, (row) => row.at_ms),
    segmentMembers: (rows: readonly SegmentMemberRow[]) => write('segment_members', rows, (row) => row.at_ms),
    listMembers: (rows: readonly ListMemberRow[]) => write('list_members', rows, (row) => row.at_ms),
    /** With when each arrived: a copy of a step may come much later. */
    participantStepsAt: (rows: readonly [StepRow, number][]) => {
      const arrived = new Map(rows);
      write('participant_steps', [...arrived.keys()], (row) => arrived.get(row) ?? 0);
    },
    participantSteps: (rows: readonly StepRow[]) => write('participant_steps', rows, (row) => row.at_ms),
    outcomes: (rows: readonly OutcomeRow[], lagMs = 0) => write('outcomes', rows, (row) => row.at_ms + lagMs),
    /** Rows as objects; every value is text, as Athena gives it. */
    async query(sql: string): Promise<Record<string, string | null>[]> {
      const { result } = await duck.select(sql, 'herald', [...tables.values()]);
      return result.rows.map((row) => Object.fromEntries(row.map((value, n) => [result.columns[n] ?? '', value])));
    },
    unload: (sql: string, folder: string) => duck.unload(sql, 'herald', [...tables.values()], join(root, folder)),
    root,
    close() {
      duck.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
};
export type Lake = Awaited<ReturnType<typeof createLake>>;
