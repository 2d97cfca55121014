// Stands in for Athena's UNLOAD, which MiniStack does not have: runs the query inside it and writes its rows as one gzip
// JSON file and a manifest, as UNLOAD would. Stage emulator only. It needs no SDK, for MiniStack checks no signatures.
const { gzipSync } = require('node:zlib');

const { AWS_ENDPOINT_URL: endpoint, WORK_GROUP } = process.env;
const headers = {
  'content-type': 'application/x-amz-json-1.1',
  authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/athena/aws4_request',
};

const athena = async (action, body) => {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { ...headers, 'x-amz-target': `AmazonAthena.${action}` },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${action}: ${text}`);
  return JSON.parse(text);
};

const write = async (address, body) => {
  const response = await fetch(address.replace('s3://', `${endpoint}/`), { method: 'PUT', body });
  if (!response.ok) throw new Error(`PUT ${address}: ${response.status}`);
};

// MiniStack gives queries to DuckDB as they are, which names these otherwise. ltrim makes a text of JSON and keeps NULL.
const DUCKDB = {
  json_format: 'ltrim',
  json_extract_scalar: 'json_extract_string',
  array_join: 'array_to_string',
};
const inDuckDb = (query) =>
  query.replace(/\b(json_format|json_extract_scalar|array_join)\(/g, (_, name) => `${DUCKDB[name]}(`);

exports.handler = async ({ sql, database }) => {
  const [, query, folder] =
    /^UNLOAD \(\n([\s\S]*)\n\) TO '(s3:[^']+)' WITH \(format = 'JSON', compression = 'GZIP'\)$/.exec(sql);
  const context = { QueryExecutionContext: { Database: database }, WorkGroup: WORK_GROUP };
  const { QueryExecutionId } = await athena('StartQueryExecution', { QueryString: inDuckDb(query), ...context });
  for (;;) {
    const { QueryExecution } = await athena('GetQueryExecution', { QueryExecutionId });
    const { State, StateChangeReason } = QueryExecution.Status;
    if (State === 'SUCCEEDED') break;
    if (State === 'FAILED' || State === 'CANCELLED') throw new Error(StateChangeReason);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const lines = [];
  let names;
  let NextToken;
  do {
    const page = await athena('GetQueryResults', { QueryExecutionId, ...(NextToken && { NextToken }) });
    names ??= page.ResultSet.ResultSetMetadata.ColumnInfo.map(({ Name }) => Name);
    const rows = NextToken ? page.ResultSet.Rows : page.ResultSet.Rows.slice(1);
    for (const { Data } of rows)
      lines.push(JSON.stringify(Object.fromEntries(Data.map((cell, n) => [names[n], cell.VarCharValue]))));
    NextToken = page.NextToken;
  } while (NextToken);
  const file = `${folder}${QueryExecutionId}.gz`;
  await write(file, gzipSync(lines.join('\n')));
  await write(`${folder}manifest.csv`, `${file}\n`);
  return { manifest: `${folder}manifest.csv` };
};
