import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createDuck, type Duck, type DuckResult, type LakeTable } from './duck.ts';
import { expectProperties } from './expect-properties.ts';
import { AwsError, type Context, type Service } from './types.ts';

const BILLED_MINIMUM = 10_000_000;
const DAY_MS = 86_400_000;

type Execution = {
  QueryExecutionId: string;
  Query: string;
  QueryExecutionContext: { Database: string };
  WorkGroup: string;
  Status: { State: 'RUNNING' | 'SUCCEEDED' | 'FAILED'; StateChangeReason?: string; SubmissionDateTime: number };
  Statistics: { DataScannedInBytes: number; DataManifestLocation?: string };
};
type Location = { bucket: string; prefix: string };
/** Where manifests go, and the most bytes that a query may read. */
type WorkGroup = Location & { cutoff: number };
/** Partition projection shows the days from `from` to some days from now. */
type GlueTable = Omit<LakeTable, 'files'> & Location & { from: string; daysAhead: number };
type TableInput = {
  Name: string;
  PartitionKeys: object[];
  Parameters: Record<string, string>;
  StorageDescriptor: { Columns: { Name: string; Type: string }[]; Location: string; SerdeInfo: object };
};

const invalid = (message: string) => new AwsError('InvalidRequestException', message);
const locationOf = (uri: string): Location => {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/(.*\/)$/.exec(uri) ?? [];
  if (!bucket) throw invalid(`Not an s3:// location of a folder: ${uri}`);
  return { bucket, prefix };
};

const UNLOAD = /^\s*unload\s*\((.*)\)\s*to\s*'([^']*)'\s*with\s*\(format = 'json', compression = 'gzip'\)\s*$/is;
/** Query and target of an UNLOAD; undefined for another statement. */
const parseUnload = (sql: string) => {
  if (!/^\s*unload\b/i.test(sql)) return;
  const [, query, location] = UNLOAD.exec(sql) ?? [];
  if (!query || !location)
    throw invalid("Write UNLOAD (query) TO 's3://bucket/folder/' WITH (format = 'JSON', compression = 'GZIP')");
  return { query, ...locationOf(location) };
};

/** Athena on DuckDB; Glue tables are views over the files of the local S3. */
export const athena = (ctx: Context): Service => {
  ctx.store.exec(`CREATE TABLE IF NOT EXISTS athena_queries
    (id TEXT PRIMARY KEY, token TEXT UNIQUE, execution TEXT, result TEXT)`);
  const workGroups = new Map<string, WorkGroup>();
  const tables: GlueTable[] = [];
  const running = new Map<string, Promise<void>>();
  let duck: Promise<Duck> | undefined;

  const read = (id: string) => {
    const row = ctx.store.prepare('SELECT execution, result FROM athena_queries WHERE id = ?').get(id);
    if (!row) throw invalid(`QueryExecution ${id} was not found`);
    const execution = JSON.parse(String(row.execution)) as Execution;
    return { execution, result: JSON.parse(String(row.result)) as DuckResult | null };
  };

  /** The files that Athena would list now: partitions within the projected range, nothing hidden. */
  const withFiles = ({ bucket, prefix, from, daysAhead, ...table }: GlueTable): LakeTable => {
    const to = new Date(ctx.clock.now() + daysAhead * DAY_MS).toISOString().slice(0, 10);
    const keys = ctx.services.s3.keys(bucket, prefix).filter((key) => {
      const [, day = ''] = /^dt=([\d-]{10})\/[^._/][^/]*$/.exec(key.slice(prefix.length)) ?? [];
      return day >= from && day <= to;
    });
    return { ...table, files: keys.map((key) => ctx.services.s3.file(bucket, key)) };
  };

  /** Gives the rows of a SELECT, null for an UNLOAD. */
  const execute = async ({ QueryExecutionId: id, Query, QueryExecutionContext, WorkGroup, Statistics }: Execution) => {
    const { s3 } = ctx.services;
    const { cutoff, ...output } = workGroups.get(WorkGroup) as WorkGroup;
    const target = parseUnload(Query);
    if (target && s3.keys(target.bucket, target.prefix).length > 0)
      throw new Error(`HIVE_PATH_ALREADY_EXISTS: Target directory already exists: ${target.prefix}`);
    duck ??= createDuck(ctx.dataDir);
    const folder = join(ctx.dataDir, 'athena-unload', id);
    const [engine, database, lake] = [await duck, QueryExecutionContext.Database, tables.map(withFiles)];
    const { result, bytes } = target
      ? await engine.unload(target.query, database, lake, folder)
      : await engine.select(Query, database, lake);
    Statistics.DataScannedInBytes = bytes;
    ctx.meter.count('athena-tb', Math.max(bytes, BILLED_MINIMUM) / 1e12, 'athena:StartQueryExecution');
    if (bytes > cutoff) throw new Error(`Bytes scanned limit was exceeded: ${bytes} of ${cutoff}`);
    if (!target || !Array.isArray(result)) return result;
    const lines = result.map((file) => {
      const key = `${target.prefix}${id}_${file}`;
      s3.adopt(target.bucket, key, join(folder, file));
      return `s3://${target.bucket}/${key}\n`;
    });
    const manifest = `${output.prefix}${id}-manifest.csv`;
    s3.put(output.bucket, manifest, lines.join(''));
    Statistics.DataManifestLocation = `s3://${output.bucket}/${manifest}`;
    return null;
  };

  /** Runs a query to its end; never throws. */
  const finish = async (execution: Execution): Promise<void> => {
    const leave = ctx.clock.enter();
    const { QueryExecutionId: id, Status } = execution;
    const result = await execute(execution).catch((error: Error) => {
      Status.StateChangeReason = error.message;
    });
    Status.State = result === undefined ? 'FAILED' : 'SUCCEEDED';
    const save = ctx.store.prepare('UPDATE athena_queries SET execution = ?, result = ? WHERE id = ?');
    save.run(JSON.stringify(execution), JSON.stringify(result ?? null), id);
    running.delete(id);
    leave();
  };

  const start = (sql: string, database: string, workGroup: string, token: string = randomUUID()): string => {
    const same = ctx.store.prepare('SELECT id FROM athena_queries WHERE token = ?').get(token);
    if (same && read(String(same.id)).execution.Query !== sql) throw invalid('Idempotent parameters do not match');
    if (same) return String(same.id);
    if (!workGroups.has(workGroup)) throw invalid(`WorkGroup ${workGroup} is not found.`);
    parseUnload(sql);
    const id = randomUUID();
    const execution: Execution = {
      QueryExecutionId: id,
      Query: sql,
      QueryExecutionContext: { Database: database },
      WorkGroup: workGroup,
      Status: { State: 'RUNNING', SubmissionDateTime: ctx.clock.now() / 1000 },
      Statistics: { DataScannedInBytes: 0 },
    };
    const insert = ctx.store.prepare('INSERT INTO athena_queries (id, token, execution) VALUES (?, ?, ?)');
    insert.run(id, token, JSON.stringify(execution));
    running.set(id, finish(execution));
    return id;
  };

  ctx.services.athena = {
    async run({ sql, database, workGroup }) {
      const id = start(sql, database, workGroup);
      await running.get(id);
      const { execution } = read(id);
      const { State, StateChangeReason: reason = '' } = execution.Status;
      return { id, execution, state: State === 'SUCCEEDED' ? State : 'FAILED', reason };
    },
  };

  /** Row 0 is the header, on the first page. */
  const resultsOf = (id: string, from: number, limit: number) => {
    const { execution, result } = read(id);
    const { State } = execution.Status;
    if (State !== 'SUCCEEDED') throw invalid(`Query did not finish successfully. Final query state: ${State}`);
    const all = result ? [result.columns, ...result.rows] : [];
    const cell = (value: string | null) => (value === null ? {} : { VarCharValue: value });
    const Rows = all.slice(from, from + limit).map((row) => ({ Data: row.map(cell) }));
    return { ResultSet: { Rows }, ...(all.length > from + limit && { NextToken: String(from + limit) }) };
  };

  return {
    signingName: 'athena',
    async handle({ action, body }) {
      type Request = Record<string, string> & { QueryExecutionContext: { Database: string } };
      const request = JSON.parse((await body()).toString()) as Request;
      const { QueryString = '', ClientRequestToken, WorkGroup = '', QueryExecutionId: id = '' } = request;
      if (action === 'StartQueryExecution') {
        const { Database } = request.QueryExecutionContext;
        return { body: { QueryExecutionId: start(QueryString, Database, WorkGroup, ClientRequestToken) } };
      }
      if (action === 'GetQueryExecution') return { body: { QueryExecution: read(id).execution } };
      if (action === 'GetQueryResults')
        return { body: resultsOf(id, Number(request.NextToken ?? 0), Number(request.MaxResults ?? 1000)) };
      throw new AwsError('UnknownOperationException', `The local Athena does not support ${action}`);
    },
    /** Runs again what a killed process left. */
    start() {
      const left = ctx.store.prepare('SELECT id, execution FROM athena_queries WHERE result IS NULL').all();
      for (const { id, execution } of left) running.set(String(id), finish(JSON.parse(String(execution))));
    },
    async stop() {
      await Promise.all(running.values());
      await (await duck)?.close();
    },
    resources: {
      'AWS::Athena::WorkGroup': {
        supported: ['Name', 'WorkGroupConfiguration'],
        ignored: ['RecursiveDeleteOption', 'Tags'],
        create({ logicalId, properties }) {
          const configuration = properties.WorkGroupConfiguration as Record<string, unknown>;
          expectProperties(logicalId, configuration, { EnforceWorkGroupConfiguration: true });
          const { OutputLocation } = configuration.ResultConfiguration as { OutputLocation: string };
          const cutoff = Number(configuration.BytesScannedCutoffPerQuery ?? Infinity);
          workGroups.set(String(properties.Name), { ...locationOf(OutputLocation), cutoff });
          return { ref: String(properties.Name) };
        },
      },
      'AWS::Glue::Database': {
        supported: ['DatabaseInput'],
        ignored: ['CatalogId'],
        create: ({ properties }) => ({ ref: (properties.DatabaseInput as { Name: string }).Name }),
      },
      'AWS::Glue::Table': {
        supported: ['DatabaseName', 'TableInput'],
        ignored: ['CatalogId'],
        create({ logicalId, properties }) {
          const { Name, PartitionKeys, Parameters, StorageDescriptor } = properties.TableInput as TableInput;
          const { Columns, Location, SerdeInfo } = StorageDescriptor;
          // Without projection Athena would see only partitions that a crawler or ALTER TABLE has added.
          const expected = {
            PartitionKeys: [{ Name: 'dt', Type: 'string' }],
            SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
            'projection.enabled': 'true',
            'projection.dt.type': 'date',
            'projection.dt.format': 'yyyy-MM-dd',
          };
          expectProperties(logicalId, { ...Parameters, PartitionKeys, ...SerdeInfo }, expected);
          const range = Parameters['projection.dt.range'] ?? '';
          const [, from, daysAhead = 0] = /^(\d{4}-\d\d-\d\d),NOW(?:\+(\d)DAYS?)?$/.exec(range) ?? [];
          if (!from) throw new Error(`${logicalId}: the local Athena does not support the range '${range}'`);
          const columns = Columns.map((column): [string, string] => [column.Name, column.Type]);
          const table = { database: String(properties.DatabaseName), name: Name, columns, ...locationOf(Location) };
          tables.push({ ...table, from, daysAhead: Number(daysAhead) });
          return { ref: Name };
        },
      },
    },
  };
};
