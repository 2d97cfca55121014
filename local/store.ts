import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Where the services keep their state: the folder `persist`, or memory and a temporary folder that `close` removes.
 * With WAL and synchronous=NORMAL a killed process loses nothing; only a power cut may lose the last transactions.
 */
export const openStore = (persist?: string) => {
  const dataDir = persist ?? mkdtempSync(join(tmpdir(), 'herald-'));
  mkdirSync(dataDir, { recursive: true });
  const database = new DatabaseSync(persist ? join(persist, 'state.db') : ':memory:');
  if (persist) database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
  return {
    database,
    dataDir,
    /** Harmless when it is closed. */
    close() {
      if (database.isOpen) database.close();
      if (!persist) rmSync(dataDir, { recursive: true, force: true });
    },
  };
};

export type Records<T> = {
  /** What a former process has left, oldest first. */
  left: T[];
  put(record: T): void;
  remove(id: string): void;
};
/** Durable copies of what a service holds in memory. */
export const records = <T extends { id: string }>(database: DatabaseSync, table: string): Records<T> => {
  database.exec(`CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, record TEXT)`);
  const write = database.prepare(
    `INSERT INTO ${table} VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
  );
  const erase = database.prepare(`DELETE FROM ${table} WHERE id = ?`);
  const rows = database.prepare(`SELECT record FROM ${table} ORDER BY rowid`).all();
  return {
    left: rows.map(({ record }) => JSON.parse(String(record)) as T),
    put: (record) => void write.run(record.id, JSON.stringify(record)),
    remove: (id) => void erase.run(id),
  };
};
