import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { athena } from '../../local/athena.ts';
import { s3 } from '../../local/s3.ts';
import { call, create, jsonOf, serviceContext } from './service-context.ts';

const { context, billed } = serviceContext();
const storage = s3(context);
const service = athena(context);
const bucket = create(storage, 'AWS::S3::Bucket', 'Lake').ref;

const JSON_TABLE = { SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' } };
const column = (Name: string, Type: string) => ({ Name, Type });
const PROJECTION = {
  'projection.enabled': 'true',
  'projection.dt.type': 'date',
  'projection.dt.format': 'yyyy-MM-dd',
  'projection.dt.range': '2026-01-01,NOW+1DAY',
};
const partKey = (day: string, n = 1) => `events/dt=${day}/part-${n}.gz`;
const lines = (...rows: object[]) => gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

beforeAll(() => {
  create(service, 'AWS::Glue::Database', 'Db', { CatalogId: 'x', DatabaseInput: { Name: 'herald' } });
  create(service, 'AWS::Athena::WorkGroup', 'Group', {
    Name: 'reports',
    WorkGroupConfiguration: {
      EnforceWorkGroupConfiguration: true,
      ResultConfiguration: { OutputLocation: `s3://${bucket}/athena/` },
    },
  });
  create(service, 'AWS::Athena::WorkGroup', 'Small', {
    Name: 'small',
    WorkGroupConfiguration: {
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 10,
      ResultConfiguration: { OutputLocation: `s3://${bucket}/athena/` },
    },
  });
  for (const name of ['events', 'nothing', 'growing'])
    create(service, 'AWS::Glue::Table', name, {
      CatalogId: 'x',
      DatabaseName: 'herald',
      TableInput: {
        Name: name,
        PartitionKeys: [column('dt', 'string')],
        Parameters: PROJECTION,
        StorageDescriptor: {
          ...JSON_TABLE,
          Location: `s3://${bucket}/${name}/`,
          Columns: [
            column('id', 'string'),
            column('time_ms', 'bigint'),
            column('amount', 'double'),
            column('ok', 'boolean'),
          ],
        },
      },
    });
  const put = context.services.s3.put;
  put(
    bucket,
    partKey('2026-01-02'),
    lines({ id: 'a', time_ms: 1, amount: 1.5, ok: true }, { id: 'b', time_ms: 2, amount: 1e7 }),
  );
  put(bucket, partKey('2026-01-03'), lines({ id: 'A', time_ms: 3, amount: -2, ok: false }));
  put(bucket, partKey('2025-12-31'), lines({ id: 'before the projected range', time_ms: 4 }));
  put(bucket, partKey('2026-03-03'), lines({ id: 'after the projected range', time_ms: 4 }));
  put(bucket, 'events/dt=2026-01-03/_temporary', 'not data');
});
afterAll(() => service.stop?.());

const run = (sql: string, workGroup = 'reports') => context.services.athena.run({ sql, database: 'herald', workGroup });
const ask = <T>(action: string, body: object) => jsonOf<T>(call(service, { action, body }));
type Results = {
  NextToken?: string;
  ResultSet: { Rows: { Data: { VarCharValue?: string }[] }[] };
};
/** All rows as text, without the header. */
const rowsOf = async (sql: string) => {
  const { id, state, reason } = await run(sql);
  if (state === 'FAILED') throw new Error(reason);
  const { ResultSet } = await ask<Results>('GetQueryResults', { QueryExecutionId: id });
  return ResultSet.Rows.slice(1).map(({ Data }) => Data.map(({ VarCharValue }) => VarCharValue ?? null));
};

/** Documented results of Trino (functions reference, Athena engine 3). */
const SAME: [expression: string, result: string | null][] = [
  ['5e0 * 2', '10'],
  [`'a' = 'A'`, 'false'],
  [`'B' < 'a'`, 'true'],
  [`'a' || NULL`, null],
  [`coalesce(NULL, 'x')`, 'x'],
  [`nullif('x', 'x')`, null],
  [`CASE WHEN 1 < 2 THEN 'yes' ELSE 'no' END`, 'yes'],
  [`try_cast('x' AS DOUBLE)`, null],
  [`try_cast('1.5' AS DOUBLE)`, '1.5'],
  [`CAST('true' AS BOOLEAN)`, 'true'],
  [`json_extract_scalar('{"a":{"b":"x"}}', '$.a.b')`, 'x'],
  [`json_extract_scalar('{"a":[1,2]}', '$.a[1]')`, '2'],
  [`json_extract_scalar('{"a":1.25}', '$.a')`, '1.25'],
  [`json_extract_scalar('{"a":true}', '$.a')`, 'true'],
  [`json_extract_scalar('{"a":null}', '$.a')`, null],
  [`json_extract_scalar('{"a":{"b":1}}', '$.a')`, null],
  [`json_extract_scalar('{"a":[1]}', '$.a')`, null],
  [`json_extract_scalar('{"a":1}', '$.missing.deeper')`, null],
  [`json_extract_scalar('{"A":1}', '$.a')`, null],
  [`json_extract_scalar('not json', '$.a')`, null],
  [`json_extract_scalar(NULL, '$.a')`, null],
  [`json_format(json_extract('{"a":{"b": [1, "x"]}}', '$.a'))`, '{"b":[1,"x"]}'],
  [`json_extract('not json', '$.a')`, null],
  ['abs(-2)', '2'],
  ['round(2.5e0)', '3'],
  ['round(-2.5e0)', '-3'],
  [`length('héé')`, '3'],
  [`upper('a') || lower('B')`, 'Ab'],
  [`strpos('high', 'ig')`, '2'],
  [`starts_with('high', 'hi')`, 'true'],
  [`substr('abc', 2)`, 'bc'],
  [`'abc' LIKE 'a%'`, 'true'],
  [`'abc' NOT LIKE 'a%'`, 'false'],
  [`to_hex(md5(to_utf8('hé')))`, '33FCD01258E6BA07EF405DC9E721F3A7'],
  [`substr(to_hex(sha256(to_utf8('hé'))), 1, 12)`, '7DFBE0EAB965'],
  ['3 BETWEEN 1 AND 5', 'true'],
  ['3 IN (1, 2)', 'false'],
  ['NULL IS DISTINCT FROM 1', 'true'],
];

describe('Trino on DuckDB', () => {
  it.each(SAME)('%s is %s', async (expression, result) => {
    expect(await rowsOf(`SELECT ${expression}`)).toEqual([[result]]);
  });

  it('sorts NULLs last both ways', async () => {
    const values = '(VALUES (3), (NULL), (1)) AS v(x)';
    expect((await rowsOf(`SELECT x FROM ${values} ORDER BY x`)).flat()).toEqual(['1', '3', null]);
    expect((await rowsOf(`SELECT x FROM ${values} ORDER BY x DESC`)).flat()).toEqual(['3', '1', null]);
  });

  it('aggregates as Trino does', async () => {
    const values = '(VALUES (NULL, 2), (1, 1), (1, NULL)) AS v(x, y)';
    const sql = `SELECT count(*), count(x), count(DISTINCT x), count_if(x = 1), sum(y), min(y), max(y), avg(y) FROM ${values}`;
    expect(await rowsOf(sql)).toEqual([['3', '2', '1', '2', '3', '1', '2', '1.5']]);
    const texts = `(VALUES ('b', 1), ('c', 1), ('a', 2), (NULL, 1)) AS v(x, y)`;
    const smallest = "array_join(min(x, 2), '-')";
    expect(await rowsOf(`SELECT ${smallest}, array_join(min(x, 2) FILTER (WHERE y = 1), '-') FROM ${texts}`)).toEqual([
      ['a-b', 'b-c'],
    ]);
    expect(await rowsOf(`SELECT ${smallest} FROM ${texts} WHERE y = 3`)).toEqual([[null]]);
  });

  it('knows patterns, days between dates, lists of JSON and their items, and frames by value', async () => {
    const sql = `SELECT regexp_like('a1', '^[a-z][0-9]\\z'), regexp_like('a1' || '\n', '^[a-z][0-9]\\z'),
      regexp_extract('x12', '[0-9]+'), coalesce(regexp_extract('x', '[0-9]+'), 'none'), 'a%b_' LIKE 'a!%%!_' ESCAPE '!',
      date_diff('day', DATE '1970-01-01', TRY_CAST('2024-03-01' AS DATE)),
      coalesce(date_diff('day', DATE '1970-01-01', TRY_CAST('2023-02-29' AS DATE)), -1),
      cardinality(filter(TRY_CAST(json_extract('{"a":[1,"1",null,2]}', '$.a') AS ARRAY(JSON)), x -> json_format(x) = '1')),
      coalesce(cardinality(TRY_CAST(json_extract('{"a":"1"}', '$.a') AS ARRAY(JSON))), -1), round(sin(5e-1) * 1e6), round(cos(5e-1) * 1e6)`;
    expect(await rowsOf(sql)).toEqual([
      ...[['true', 'false', '12', 'none', 'true', '19783', '-1', '1', '-1', '479426', '877583']],
    ]);
    const earlier = `SELECT t, max(t) OVER (ORDER BY t RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before,
      min(t) OVER (ORDER BY t RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS after
      FROM (VALUES (1), (3), (3), (4)) AS u(t) ORDER BY t`;
    expect(await rowsOf(earlier)).toEqual([
      ['1', null, '3'],
      ['3', '1', '4'],
      ['3', '1', '4'],
      ['4', '3', null],
    ]);
  });

  it('knows CTEs, windows, FILTER, subqueries, set operations and grouping sets', async () => {
    const sql = `WITH ranked AS (
        SELECT id, amount, row_number() OVER (PARTITION BY lower(id) ORDER BY time_ms DESC) AS n FROM events WHERE dt >= '2026-01-01'
      )
      SELECT ranked.id, count(*) FILTER (WHERE ranked.n = 1) AS latest
      FROM ranked LEFT JOIN (SELECT 'a' AS id UNION ALL SELECT 'b') AS wanted ON wanted.id = ranked.id
      CROSS JOIN (VALUES (1)) AS u(tag)
      WHERE ranked.id IN (SELECT id FROM events) GROUP BY GROUPING SETS ((ranked.id), ()) HAVING count(*) > 0
      ORDER BY 1 OFFSET 0 LIMIT 10`;
    expect(await rowsOf(sql)).toEqual([
      ['A', '1'],
      ['a', '0'],
      ['b', '1'],
      [null, '2'],
    ]);
  });
});

describe('refuses what may mean something else on Athena', () => {
  it.each([
    ['SELECT 1;', /';'/],
    ['SELECT ?', /'\?'/],
    ['DELETE FROM events', /begins with delete/],
    ['FROM events', /begins with from/],
    [`SELECT strftime(DATE '2020-01-01', '%Y')`, /Function strftime/],
    ['SELECT md5(id) FROM events', /Function md5 of other than to_utf8/],
    ['SELECT to_hex(sha256(id)) FROM events', /Function sha256 of other than to_utf8/],
    ['SELECT to_hex(to_utf8(id)) FROM events', /Function to_hex of other than a hash/],
    ['SELECT count_star() FROM events', /'count_star'/],
    [`SELECT id FROM events WHERE id ILIKE 'a'`, /Function ~~\*/],
    [`SELECT '1'::BIGINT`, /'::BIGINT'/],
    [`SELECT '{}' -> 'a'`, /LAMBDA/],
    ['SELECT 1_000', /'1_000'/],
    ['SELECT 7 // 2', /'\/\/ 2'/],
    ['SELECT 1 / time_ms FROM events', /'\/ time_ms/],
    ['SELECT 1 % 2', /'% 2'/],
    ['SELECT 2 ** 3', /Function \*\*/],
    ['SELECT 1 == 1', /'= ='/],
    ['SELECT id[1] FROM events', /'\[1\]/],
    ['SELECT id, FROM events', /', from'/],
    ['SELECT 1 -- comment', /'- -'/],
    ['SELECT id FROM events QUALIFY row_number() OVER () = 1', /qualify/],
    ['SELECT * EXCLUDE (id) FROM events', /exclude/],
    ['SELECT id, count(*) FROM events GROUP BY ALL', /by all/],
    ['SELECT DISTINCT ON (id) id FROM events', /distinct on/],
    ['SELECT id FROM events LIMIT 1 OFFSET 1', /'limit 1 offset'/],
    [`SELECT * FROM '/etc/passwd'`, /'from ''/],
    [`SELECT * FROM read_text('/etc/passwd')`, /TABLE_FUNCTION/],
    [`SELECT 1 AS 'x'`, /'as ''/],
    ['SELECT id FROM events NATURAL JOIN nothing', /natural/],
    ['SELECT id FROM events SEMI JOIN nothing USING (id)', /semi/],
    ['SELECT 0.5 * time_ms FROM events', /A DECIMAL/],
    ['SELECT CAST(amount AS VARCHAR) FROM events', /VARCHAR/],
    ['SELECT CAST(amount AS HUGEINT) FROM events', /HUGEINT/],
    [`SELECT DATE '2020-01-01'`, /A cast to DATE/],
    [`SELECT lower(TRY_CAST(id AS DATE)) FROM events`, /A cast to DATE/],
    [`SELECT date_diff('month', DATE '2020-01-01', DATE '2020-02-01')`, /date_diff in other than days/],
    [`SELECT lower(x -> x) FROM events`, /LAMBDA/],
    ['SELECT CAST(id AS json) FROM events', /A cast to/],
    ['SELECT CAST(amount AS BIGINT) FROM events', /A cast to BIGINT/],
    ['SELECT current_date', /'current_date'/],
    ['SELECT now()', /Function now/],
    [`SELECT json_extract_scalar('{}', 'a')`, /JSON path/],
    [`SELECT json_extract_scalar('{}', '$.*')`, /JSON path/],
    [`SELECT substr('abc', 0)`, /substr/],
    ['SELECT lower(id) AS name, count(*) FROM events GROUP BY name', /Alias name/],
    ['SELECT lower(id) AS name FROM events WHERE name = 1', /Alias name/],
    ['SELECT lower(id) AS Name FROM events WHERE NAME = 1', /Alias name/],
    ['SELECT time_ms + 1 AS later, later + 1 FROM events', /Alias later/],
  ])('%s', async (sql, reason) => {
    const { state, reason: told } = await run(sql);
    expect(state).toBe('FAILED');
    expect(told).toMatch(reason);
  });

  it('but not an alias that is also a column, nor an alias in ORDER BY', async () => {
    expect(
      await rowsOf('SELECT id, max(time_ms) AS time_ms FROM events WHERE time_ms > 1 GROUP BY id ORDER BY time_ms'),
    ).toEqual([
      ['b', '2'],
      ['A', '3'],
    ]);
  });
});

describe('tables', () => {
  it('are views over the JSON files, with missing fields as NULL and the projected range only', async () => {
    expect(await rowsOf('SELECT * FROM events ORDER BY time_ms')).toEqual([
      ['a', '1', '1.5', 'true', '2026-01-02'],
      ['b', '2', '10000000', null, '2026-01-02'],
      ['A', '3', '-2', 'false', '2026-01-03'],
    ]);
  });

  it('tell the file of each row to a query that names "$path"', async () => {
    expect(await rowsOf(`SELECT id, "$path" FROM events WHERE id <> 'b' ORDER BY id`)).toEqual([
      ['A', `s3://${bucket}/${partKey('2026-01-03')}`],
      ['a', `s3://${bucket}/${partKey('2026-01-02')}`],
    ]);
    expect(await rowsOf(`SELECT DISTINCT t."$path" AS path FROM nothing AS t`)).toEqual([]);
    // Athena leaves the column out of *, so nobody may count on either.
    await expect(rowsOf(`SELECT * FROM events WHERE "$path" = 'x'`)).rejects.toThrow('"$path"');
    expect((await rowsOf('SELECT * FROM events'))[0]).toHaveLength(5);
    expect(await rowsOf(`SELECT '"$path"' AS text FROM events LIMIT 1`)).toEqual([['"$path"']]);
  });

  it('without files are empty', async () => {
    expect(await rowsOf('SELECT count(*), max(dt) FROM nothing')).toEqual([['0', null]]);
  });

  it('may be named with their database', async () => {
    expect(await rowsOf('SELECT count(*) FROM herald.events')).toEqual([['3']]);
  });

  it('show files that were added since the last query', async () => {
    expect(await rowsOf('SELECT id FROM growing')).toEqual([]);
    context.services.s3.put(bucket, 'growing/dt=2026-02-01/1.gz', lines({ id: 'c', time_ms: 9 }));
    expect(await rowsOf('SELECT id FROM growing')).toEqual([['c']]);
  });

  it('are scanned by partition: the bytes are those of the files read', async () => {
    const size = (day: string) => context.services.s3.get(bucket, partKey(day))?.length ?? 0;
    const scanned = async (sql: string) =>
      ((await run(sql)).execution.Statistics as { DataScannedInBytes: number }).DataScannedInBytes;
    expect(await scanned('SELECT count(*) FROM events')).toBe(size('2026-01-02') + size('2026-01-03'));
    expect(await scanned(`SELECT count(*) FROM events WHERE dt = '2026-01-03'`)).toBe(size('2026-01-03'));
    expect(await scanned('SELECT 1')).toBe(0);
  });
});

describe('work groups', () => {
  it('stop a query that reads more than its cutoff', async () => {
    const { state, reason } = await run('SELECT * FROM events', 'small');
    expect([state, reason]).toEqual(['FAILED', expect.stringMatching(/Bytes scanned limit was exceeded/)]);
  });

  it('must exist', async () => {
    await expect(run('SELECT 1', 'none')).rejects.toThrow('WorkGroup none is not found');
  });

  it('bill at least 10 MB', async () => {
    const before = billed()['athena-tb']?.units ?? 0;
    await run('SELECT 1');
    expect((billed()['athena-tb']?.units ?? 0) - before).toBeCloseTo(0.00001, 10);
  });
});

describe('the API', () => {
  const start = (extra: object = {}) =>
    ask<{ QueryExecutionId: string }>('StartQueryExecution', {
      QueryString: 'SELECT id, time_ms FROM events ORDER BY 2',
      QueryExecutionContext: { Database: 'herald' },
      WorkGroup: 'reports',
      ...extra,
    });
  const done = async (id: string) =>
    expect
      .poll(async () => {
        const { QueryExecution } = await ask<{ QueryExecution: { Status: { State: string } } }>('GetQueryExecution', {
          QueryExecutionId: id,
        });
        return QueryExecution.Status.State;
      })
      .toBe('SUCCEEDED');

  it('pages results, with the header on the first page', async () => {
    const { QueryExecutionId } = await start();
    await done(QueryExecutionId);
    const first = await ask<Results>('GetQueryResults', { QueryExecutionId, MaxResults: 2 });
    expect(first.ResultSet.Rows).toEqual([
      { Data: [{ VarCharValue: 'id' }, { VarCharValue: 'time_ms' }] },
      { Data: [{ VarCharValue: 'a' }, { VarCharValue: '1' }] },
    ]);
    const second = await ask<Results>('GetQueryResults', {
      QueryExecutionId,
      MaxResults: 2,
      NextToken: first.NextToken,
    });
    expect(second.ResultSet.Rows.map(({ Data }) => Data[0]?.VarCharValue)).toEqual(['b', 'A']);
    expect(second.NextToken).toBeUndefined();
  });

  it('starts the same token once', async () => {
    const token = 'x'.repeat(32);
    const first = await start({ ClientRequestToken: token });
    expect(await start({ ClientRequestToken: token })).toEqual(first);
    await expect(start({ ClientRequestToken: token, QueryString: 'SELECT 2' })).rejects.toThrow(
      'Idempotent parameters do not match',
    );
    await done(first.QueryExecutionId);
  });

  it('refuses the results of a failed or unknown query', async () => {
    const { id } = await run('SELECT nope FROM events');
    await expect(ask('GetQueryResults', { QueryExecutionId: id })).rejects.toThrow('Final query state: FAILED');
    await expect(ask('GetQueryExecution', { QueryExecutionId: 'x' })).rejects.toThrow('was not found');
  });
});

describe('UNLOAD', () => {
  const unload = (query: string, prefix: string, options = `format = 'JSON', compression = 'GZIP'`) =>
    run(`UNLOAD (${query}) TO 's3://${bucket}/${prefix}' WITH (${options})`);
  const read = (key: string) =>
    gunzipSync(context.services.s3.get(bucket, key) ?? '')
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);

  it('writes gzipped JSON lines with lower-case names, and the manifest of the files', async () => {
    const { state, reason, execution } = await unload(
      `SELECT id AS profileId, ok, amount FROM events WHERE dt < '2026-01-03'`,
      'out/1/',
    );
    expect([state, reason]).toEqual(['SUCCEEDED', '']);
    const keys = context.services.s3.keys(bucket, 'out/1/');
    expect(keys.every((key) => key.endsWith('.gz'))).toBe(true);
    expect(keys.flatMap(read)).toEqual([
      { profileid: 'a', ok: true, amount: 1.5 },
      { profileid: 'b', ok: null, amount: 1e7 },
    ]);
    const { DataManifestLocation } = execution.Statistics as { DataManifestLocation: string };
    expect(DataManifestLocation).toMatch(/^s3:\/\/.*\/athena\/[0-9a-f-]{36}-manifest\.csv$/);
    const manifest = context.services.s3.get(bucket, DataManifestLocation.split('/').slice(3).join('/'))?.toString();
    expect(manifest).toBe(keys.map((key) => `s3://${bucket}/${key}\n`).join(''));
  });

  it('needs an empty target', async () => {
    context.services.s3.put(bucket, 'out/2/orphan.gz', 'x');
    const { state, reason } = await unload('SELECT id FROM events', 'out/2/');
    expect([state, reason]).toEqual(['FAILED', expect.stringContaining('HIVE_PATH_ALREADY_EXISTS')]);
  });

  it('writes no file when there are no rows', async () => {
    expect((await unload(`SELECT id FROM events WHERE id = 'none'`, 'out/3/')).state).toBe('SUCCEEDED');
    expect(context.services.s3.keys(bucket, 'out/3/')).toEqual([]);
  });

  it('refuses other formats, and a target that is no folder', async () => {
    await expect(unload('SELECT 1 AS a', 'out/4/', `format = 'PARQUET'`)).rejects.toThrow(`format = 'JSON'`);
    await expect(unload('SELECT 1 AS a', 'out/5')).rejects.toThrow('Not an s3:// location of a folder');
  });
});

it('refuses tables and work groups that it would have to pretend', () => {
  const table = (change: object, parameters: object = PROJECTION) =>
    create(service, 'AWS::Glue::Table', 'T', {
      DatabaseName: 'herald',
      TableInput: {
        Name: 't',
        PartitionKeys: [column('dt', 'string')],
        Parameters: parameters,
        StorageDescriptor: { ...JSON_TABLE, Location: `s3://${bucket}/t/`, Columns: [] },
        ...change,
      },
    });
  expect(() => table({ PartitionKeys: [] })).toThrow('PartitionKeys');
  expect(() => table({}, { ...PROJECTION, 'projection.dt.type': 'enum' })).toThrow('projection.dt.type');
  expect(() => table({}, { ...PROJECTION, 'projection.dt.range': 'NOW-3YEARS,NOW' })).toThrow('NOW-3YEARS');
  const group = { Name: 'g', WorkGroupConfiguration: { EnforceWorkGroupConfiguration: false } };
  expect(() => create(service, 'AWS::Athena::WorkGroup', 'G', group)).toThrow('EnforceWorkGroupConfiguration');
});

it('finishes after a restart what was running, and keeps results', async () => {
  const { id } = await run('SELECT 1 AS a');
  const interrupted = JSON.stringify({
    QueryExecutionId: 'interrupted',
    Query: 'SELECT 2 AS a',
    QueryExecutionContext: { Database: 'herald' },
    WorkGroup: 'reports',
    Status: { State: 'RUNNING' },
    Statistics: {},
  });
  context.store.prepare(`INSERT INTO athena_queries (id, execution) VALUES ('interrupted', ?)`).run(interrupted);
  const again = athena(context);
  create(again, 'AWS::Athena::WorkGroup', 'Group', {
    Name: 'reports',
    WorkGroupConfiguration: {
      EnforceWorkGroupConfiguration: true,
      ResultConfiguration: { OutputLocation: `s3://${bucket}/athena/` },
    },
  });
  again.start?.();
  await again.stop?.();
  for (const [queryId, value] of [
    [id, '1'],
    ['interrupted', '2'],
  ]) {
    const { ResultSet } = await jsonOf<Results>(
      call(again, { action: 'GetQueryResults', body: { QueryExecutionId: queryId } }),
    );
    expect(ResultSet.Rows[1]?.Data).toEqual([{ VarCharValue: value }]);
  }
});
