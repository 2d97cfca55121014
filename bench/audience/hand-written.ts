import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { LakeTable } from '../../local/duck.ts';

/** DuckDB as it comes, over the same files, with the threads of the local Athena. */
export const handWritten = async (root: string, tables: readonly LakeTable[], memory: string) => {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: memory, threads: '2' });
  const connection = await instance.connect();
  await connection.run(`SET preserve_insertion_order = false; SET temp_directory = '${join(root, 'hand-spill')}'`);
  const typeOf = (type: string) => (type === 'string' ? 'VARCHAR' : type.toUpperCase());
  for (const { name, columns, files } of tables) {
    if (files.length === 0) continue;
    const typed = columns.map(([column, type]) => `${column}: '${typeOf(type)}'`);
    await connection.run(`CREATE VIEW ${name} AS SELECT * FROM read_json([${files.map((file) => `'${file}'`)}],
      format = 'newline_delimited', hive_partitioning = true, hive_types = {dt: VARCHAR}, columns = {${typed}})`);
  }
  return {
    /** The one row of the answer. */
    select: async (sql: string): Promise<string[]> =>
      (await connection.runAndReadAll(sql)).getRowsJson()[0]?.map(String) ?? [],
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
};
