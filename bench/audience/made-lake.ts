import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { LAKE_TABLES, type LakeTable as TableName } from '../../lib/lake-tables.ts';
import type { LakeTable } from '../../local/duck.ts';

/** The moment at which the questions are asked; the events are those of the 90 days before. */
export const NOW_MS = Date.UTC(2026, 10, 18, 12);
const DAYS = 90;
const DAY_MS = 86_400_000;
const DATABASE = 'herald';

/**
 * Invented people and what they did, the same for the same sizes: 5 % of the profiles have an older version too, 1 % of the
 * events came twice, 2 % of them from an anonymous id that is linked to a person. DuckDB writes the files as Firehose does:
 * gzipped NDJSON in a folder a day.
 */
export const makeLake = async (root: string, people: number, events: number): Promise<LakeTable[]> => {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '2GB', threads: '2' });
  const connection = await instance.connect();
  const files = new Map<TableName, string[]>();
  const write = async (table: TableName, day: number, sql: string) => {
    const folder = join(root, table, `dt=${new Date(NOW_MS - day * DAY_MS).toISOString().slice(0, 10)}`);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'rows.json.gz');
    await connection.run(`COPY (${sql}) TO '${file}' (FORMAT json, COMPRESSION gzip)`);
    files.set(table, [...(files.get(table) ?? []), file]);
  };
  // Four files of the current versions, one of older ones.
  for (let part = 0; part < 4; part += 1) {
    await write('profiles', 1 + part, profilesSql(people, `i % 4 = ${part}`, 2));
    await write('consents', 1 + part, consentsSql(people, `i % 4 = ${part}`));
  }
  await write('profiles', DAYS, profilesSql(people, 'i % 20 = 7', 1));
  await write('identities', 1, identitiesSql(people));
  for (let day = 0; day < DAYS; day += 1) await write('events', day, eventsSql(people, events, day));
  connection.closeSync();
  instance.closeSync();
  return (Object.keys(LAKE_TABLES) as TableName[]).map((name) => ({
    database: DATABASE,
    name,
    columns: LAKE_TABLES[name].map((column): [string, string] => [column.name, column.type]),
    files: files.get(name) ?? [],
  }));
};

const pick = (list: readonly string[], seed: string) =>
  `([${list.map((it) => `'${it}'`)}])[CAST(1 + hash(i, '${seed}') % ${list.length} AS BIGINT)]`;
const share = (seed: string) => `(hash(i, '${seed}') % 1000000) / 1000000.0`;
const CITIES = ['Paris', 'Berlin', 'Madrid', 'Rome', 'Vienna', 'Lisbon', 'Oslo', 'Dublin', 'Prague', 'Athens'];

const profilesSql = (people: number, which: string, version: number) => `
  SELECT 'p' || i AS profile_id, ${version} AS version, ${NOW_MS} - 86400000 * (hash(i, 'u') % 400) AS updated_ms,
    CASE WHEN hash(i, 'e') % 10 < 9 THEN 'p' || i || '@example.com' ELSE '' END AS email,
    CASE WHEN hash(i, 'p') % 10 < 6 THEN '+1202555' || lpad(CAST(i % 10000 AS VARCHAR), 4, '0') ELSE '' END AS phone,
    CASE WHEN hash(i, 't') % 10 < 4 THEN 'token-' || hash(i, 'token') ELSE '' END AS push_token,
    ${pick(['Europe/Paris', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo'], 'z')} AS time_zone,
    ${pick(['fr-FR', 'de-DE', 'en-US', 'ja-JP'], 'l')} AS locale,
    CAST(json_object('age', 18 + hash(i, 'age') % 70, 'city', ${pick(CITIES, 'city')}, 'firstName', 'Person ' || i,
      'lat', 36 + 22 * ${share('lat')}, 'lon', -10 + 35 * ${share('lon')}, 'orders', hash(i, 'orders') % 40,
      'signedUp', strftime(make_timestamp(${NOW_MS * 1000} - 86400000000 * CAST(hash(i, 's') % 1500 AS BIGINT)), '%Y-%m-%d'),
      'tags', [${pick(['new', 'vip', 'sale'], 'tag')}, ${pick(['shoes', 'books', 'toys'], 'tag2')}],
      'tier', ${version === 2 ? pick(['gold', 'silver', 'bronze', 'none'], 'tier') : "'none'"}) AS VARCHAR) AS attributes
  FROM range(${people}) AS r(i) WHERE ${which}`;

const consentsSql = (people: number, which: string) => `
  SELECT 'p' || i AS profile_id, ${pick(['email', 'sms', 'push', 'email/offers'], 'c')} AS consent,
    hash(i, 'yes') % 10 < 8 AS given, false AS imported, ${NOW_MS} - 86400000 * (hash(i, 'cd') % 300) AS at_ms
  FROM range(${people}) AS r(i) WHERE ${which}`;

const identitiesSql = (people: number) => `
  SELECT 'device-' || i AS alias, 'p' || i AS profile_id, ${NOW_MS} - 86400000 AS at_ms FROM range(${Math.floor(people / 50)}) AS r(i)`;

/** The events of one day; every hundredth is there a second time. */
const eventsSql = (people: number, events: number, day: number) => {
  const perDay = Math.floor(events / DAYS);
  const from = day * perDay;
  return `
  SELECT 'e' || i AS id, ${pick(['page.viewed', 'page.viewed', 'page.viewed', 'page.viewed', 'page.viewed', 'product.viewed', 'product.viewed', 'cart.updated', 'purchase', 'email.opened'], 'type')} AS type,
    CASE WHEN hash(i, 'anon') % 50 = 0 THEN 'anonymous:device-' || hash(i, 'who') % ${Math.floor(people / 50)} ELSE 'p' || hash(i, 'who') % ${people} END AS profile_id,
    'shop' AS source, ${NOW_MS} - ${day * DAY_MS} - hash(i, 'ms') % ${DAY_MS / 2} AS time_ms, time_ms + copy * 1000 AS received_ms,
    CAST(json_object('amount', round(5 + 200 * ${share('amount')}, 2), 'category', ${pick(['shoes', 'books', 'toys', 'food'], 'cat')},
      'sku', 'sku-' || hash(i, 'sku') % 5000, 'url', 'https://shop.example.com/products/' || hash(i, 'sku') % 5000) AS VARCHAR) AS properties
  FROM range(${from}, ${from + perDay}) AS r(i), (VALUES (0), (1)) AS c(copy) WHERE copy = 0 OR i % 100 = 0`;
};
