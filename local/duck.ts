import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { fromTrino, namesPath, TRINO_ON_DUCKDB } from './trino.ts';

/** A table of the lake as DuckDB sees it: NDJSON files (plain or .gz) in folders `dt=…`, columns by Glue type. */
export type LakeTable = { database: string; name: string; columns: [name: string, type: string][]; files: string[] };
/** Every value as text, as Athena gives it. */
export type DuckResult = { columns: string[]; rows: (string | null)[][] };

const duckType = (glueType: string): string => {
  if (glueType === 'string') return 'VARCHAR';
  if (!/^(bigint|double|boolean)$/.test(glueType)) throw new Error(`The local Athena has no column type ${glueType}`);
  return glueType.toUpperCase();
};
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * Athena's hidden column `"$path"`, the address of a row's file, is there only for a query that names it: such a query may
 * not say `*`, in which Athena would leave it out (see trino.ts). `objects` is the folder that holds the buckets.
 */
const viewOf = ({ columns, files }: LakeTable, objects: string, withPath: boolean): string => {
  const typed = columns.map(([name, type]): [string, string] => [`"${name}"`, duckType(type)]);
  const all = [...typed, ['dt', 'VARCHAR'], ...(withPath ? [['"$path"', 'VARCHAR']] : [])];
  if (files.length === 0) return `SELECT ${all.map(([name, type]) => `CAST(NULL AS ${type}) AS ${name}`)} WHERE false`;
  const given = [...typed, ['dt']].map(([name]) => name);
  const path = `'s3://' || substr(filename, ${objects.length + 1}) AS "$path"`;
  return `SELECT ${[...given, ...(withPath ? [path] : [])]} FROM read_json([${files.map(literal)}],
    format = 'newline_delimited', hive_partitioning = true, hive_types = {dt: VARCHAR}, filename = ${withPath},
    columns = {${typed.map(([name, type]) => `${name}: '${type}'`)}})`;
};

/**
 * One DuckDB in memory that speaks the Trino that Herald writes, over NDJSON files below `root`. Queries run one at a time,
 * because each sees the files of its own moment and counts the bytes that it read.
 */
export const createDuck = async (root: string, memory = '256MB') => {
  mkdirSync(root, { recursive: true });
  // Twenty times the demo's history (1.4 million events) still takes no longer than with 1 GB; beyond, it spills.
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: memory, threads: '2' });
  const connection = await instance.connect();
  const run = (sql: string) => connection.runAndReadAll(sql);
  await run(`${TRINO_ON_DUCKDB}
    SET preserve_insertion_order = false;
    SET temp_directory = ${literal(join(root, 'duck-spill'))};
    SET allowed_directories = [${literal(root)}];
    SET enable_external_access = false;
    CALL enable_logging('FileSystem');`);
  const parse = async (sql: string) =>
    String((await run(`SELECT json_serialize_sql(${literal(sql)})`)).getRowsJson()[0]?.[0]);

  let tail: Promise<unknown> = Promise.resolve();
  /** Checks the SQL, shows it the tables, runs `work` on DuckDB's spelling of it, and counts the bytes of the files it opened. */
  const withTables = <T>(sql: string, database: string, tables: LakeTable[], work: (sql: string) => Promise<T>) => {
    const turn = tail.then(async () => {
      const query = await fromTrino(sql, parse);
      for (const name of new Set([database, ...tables.map((table) => table.database)]))
        await run(`CREATE SCHEMA IF NOT EXISTS "${name}"`);
      for (const table of tables)
        await run(
          `CREATE OR REPLACE VIEW "${table.database}"."${table.name}" AS ${viewOf(table, `${join(root, 's3')}/`, namesPath(query))}`,
        );
      await run(`SET search_path = ${literal(`"${database}",main`)}`);
      await run('CALL truncate_duckdb_logs()');
      const result = await work(query);
      const opened = await run(`SELECT path FROM duckdb_logs_parsed('FileSystem') WHERE op = 'OPEN'`);
      const ours = new Set(tables.flatMap((table) => table.files));
      const paths = opened.getRowsJson().map(([path]) => String(path));
      const bytes = paths.reduce((sum, path) => sum + (ours.has(path) ? statSync(path).size : 0), 0);
      return { result, bytes };
    });
    tail = turn.catch(() => {});
    return turn;
  };

  return {
    select: (sql: string, database: string, tables: LakeTable[]) =>
      withTables(sql, database, tables, async (query): Promise<DuckResult> => {
        const answer = await run(query);
        const rows = answer.getRowsJson().map((row) => row.map((value) => (value === null ? null : String(value))));
        return { columns: answer.columnNames(), rows };
      }),
    /** Writes the rows as gzipped NDJSON files into `folder`, made here. Gives their names: none when there are no rows. */
    unload: (sql: string, database: string, tables: LakeTable[], folder: string) =>
      withTables(sql, database, tables, async (query): Promise<string[]> => {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder, { recursive: true });
        const written = await run(`COPY (${query}) TO ${literal(folder)}
          (FORMAT json, COMPRESSION gzip, FILE_EXTENSION 'gz', PER_THREAD_OUTPUT true)`);
        return Number(written.getRowsJson()[0]?.[0]) === 0 ? [] : readdirSync(folder);
      }),
    /** After the queries that are under way. */
    async close() {
      await tail;
      connection.closeSync();
      instance.closeSync();
    },
  };
};
export type Duck = Awaited<ReturnType<typeof createDuck>>;
