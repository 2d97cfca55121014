/**
 * The Trino that Herald writes, and nothing else: what is not listed here would fail on Athena, or is not known to mean
 * the same there as on DuckDB. One gap is known: DuckDB casts some texts that Athena does not ('1_000', 'yes').
 */

/**
 * Trino's order, and its functions: malformed JSON is NULL, and so is a scalar extracted from an object or list, and what a pattern
 * does not find (Herald's patterns find no empty text).
 */
export const TRINO_ON_DUCKDB = `
  SET default_null_order = 'NULLS_LAST';
  CREATE MACRO json_extract_scalar(j, p) AS TRY(CASE WHEN json_type(j, p) NOT IN ('OBJECT', 'ARRAY')
    THEN json_extract_string(j, p) END);
  CREATE MACRO json_extract(j, p) AS TRY(system.main.json_extract(j, p));
  CREATE MACRO json_format(j) AS CAST(j AS VARCHAR);
  CREATE MACRO array_join(a, s) AS array_to_string(a, s);
  CREATE MACRO to_utf8(t) AS t;
  CREATE MACRO to_hex(h) AS upper(h);
  CREATE MACRO regexp_like(t, p) AS regexp_matches(t, p);
  CREATE MACRO regexp_extract(t, p) AS nullif(system.main.regexp_extract(t, p), '');
  CREATE MACRO cardinality(l) AS len(l);`;

const FUNCTIONS = new Set([
  ...['json_extract_scalar', 'json_extract', 'json_format'],
  ...['count', 'count_star', 'count_if', 'sum', 'avg', 'min', 'max', 'var_samp', 'row_number'],
  ...['array_join', 'to_hex', 'md5', 'sha256', 'to_utf8'],
  ...['nullif', 'abs', 'round', 'lower', 'upper', 'length', 'strpos', 'starts_with', 'substr'],
  ...['regexp_like', 'regexp_extract', 'date_diff', 'cardinality', 'filter', 'sin', 'cos', 'like_escape'],
  // Division is missing: Trino fails on zero, DuckDB answers NULL. `~~` is how DuckDB's parser spells LIKE.
  ...['+', '-', '*', '||', '~~', '!~~'],
]);
const HASHES = new Set(['md5', 'sha256']);
const NODES = new Set([
  ...['COLUMN_REF', 'CONSTANT', 'FUNCTION', 'COMPARISON', 'CONJUNCTION', 'CAST', 'CASE', 'OPERATOR', 'WINDOW', 'STAR'],
  ...['SUBQUERY', 'BETWEEN', 'SELECT_NODE', 'SET_OPERATION_NODE', 'CTE_NODE', 'BASE_TABLE', 'JOIN', 'EMPTY'],
  ...[
    'LIST_TYPE_INFO',
    'UNBOUND_TYPE_INFO',
    'EXPRESSION_LIST',
    'ORDER_MODIFIER',
    'LIMIT_MODIFIER',
    'DISTINCT_MODIFIER',
  ],
  ...['ORDER_DEFAULT', 'ASCENDING', 'DESCENDING'],
]);

const TOKEN =
  /(?<space>\s+)|(?<text>'(?:[^']|'')*')|(?<name>"[^"]+")|(?<list>array\(json\))|(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?(?!\w)|[a-z_]\w*|\|\||<=|>=|<>|[=<>+\-*(),.]/iy;
/** What DuckDB takes, Trino does not, and the tree does not always tell; a text is `'` and a name `"` here. */
const FOREIGN =
  / (= =|- -|by all|, \)|, from|\( from|(from|join|as|[eubx]) '|limit \S+ offset|count_star|qualify|exclude|replace|distinct on|using sample|tablesample|natural|semi|anti|asof|positional|(current|local)_?(date|time|timestamp)) /;

const refuse = (what: string): never => {
  throw new Error(`${what} is not known to mean the same on DuckDB and Trino (see local/trino.ts)`);
};

/** The query in lower case but for texts: Trino folds all names. Throws on what is no word or sign of Herald's Trino. */
const folded = (sql: string): string => {
  let [query, line] = ['', ' '];
  for (let at = 0; at < sql.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const { 0: found = '', groups = {} } = TOKEN.exec(sql) ?? {};
    if (!found) return refuse(`'${sql.slice(at, at + 10)}' at position ${at}`);
    // How DuckDB spells the type of a list of JSON.
    query += groups.text ?? (groups.list ? 'json[]' : found.toLowerCase());
    if (!groups.space) line += `${groups.text ? "'" : groups.name ? '"' : found.toLowerCase()} `;
  }
  if (!/^ (select|with|\() /.test(line)) return refuse(`A statement that begins with ${line.split(' ')[1]}`);
  const foreign = FOREIGN.exec(line)?.[1];
  return foreign ? refuse(`'${foreign}'`) : query;
};

/** True for a query that names the column `"$path"`, which Athena has beside those of the table. */
export const namesPath = (query: string): boolean => query.replace(/'(?:[^']|'')*'/g, "''").includes('"$path"');

type Node = { [key: string]: unknown; column_names: string[] };
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
/** Runs over a tree top down; `visit` says false to keep out of a branch. */
const walk = (value: unknown, visit: (node: Node) => boolean): void => {
  if (!isNode(value) || (!Array.isArray(value) && !visit(value))) return;
  for (const child of Object.values(value)) walk(child, visit);
};

type Constant = { value?: { value?: unknown; type?: { id: string } } };
const constant = (node: unknown): unknown => (node as Constant | undefined)?.value?.value;

/** Nodes that only mean the same on both as an argument of the function that they stand in. */
const inPlace = new WeakSet<object>();

const checkFunction = ({ function_name: name, children }: Node): void => {
  const [first, second, third] = children as unknown[];
  // DuckDB reads `->` as a lambda wherever it stands, and prints a date otherwise than Athena.
  for (const one of name === 'filter' ? [second] : name === 'date_diff' ? [second, third] : [])
    if (isNode(one)) inPlace.add(one);
  if (name === 'date_diff' && constant(first) !== 'day') refuse('date_diff in other than days');
  if (!FUNCTIONS.has(String(name))) refuse(`Function ${name}`);
  const path = /^json_extract/.test(String(name)) ? constant(second) : '$';
  if (!/^\$(\.[a-z_]\w*|\[\d+\])*$/i.test(String(path))) refuse(`JSON path ${path}`);
  // Trino's hashes are of bytes and give bytes, DuckDB's are of text and gives hexadecimal text.
  const inner = (first as Node | undefined)?.function_name;
  if (name === 'to_hex' && !HASHES.has(String(inner))) refuse('Function to_hex of other than a hash');
  if (HASHES.has(String(name)) && inner !== 'to_utf8') refuse(`Function ${name} of other than to_utf8`);
  if (name === 'substr' && !(Number(constant(second)) > 0)) refuse('substr from other than a positive literal');
};

/** Trino does not see the aliases of a SELECT in its own WHERE, GROUP BY, HAVING and other columns; DuckDB does. */
const checkAliases = (select: Node): void => {
  for (const item of select.select_list as Node[]) {
    let isColumn = !item.alias;
    walk(item, (node) => {
      isColumn ||= node.class === 'COLUMN_REF' && node.column_names.at(-1) === item.alias;
      return true;
    });
    if (isColumn) continue;
    walk([select.select_list, select.where_clause, select.group_expressions, select.having], (node) => {
      if (node.class === 'COLUMN_REF' && node.column_names.join('.') === item.alias)
        refuse(`Alias ${item.alias} used in its own SELECT`);
      return node.class !== 'SUBQUERY';
    });
  }
};

const checkNode = (node: Node): boolean => {
  const kind = node.class ?? node.type;
  if (typeof kind === 'string' && !NODES.has(kind) && !(kind === 'LAMBDA' && inPlace.has(node))) refuse(kind);
  if (node.class === 'FUNCTION' || node.class === 'WINDOW') checkFunction(node);
  if (node.type === 'SELECT_NODE') checkAliases(node);
  if (node.class === 'STAR' && node.columns) refuse('COLUMNS');
  const cast = (node.cast_type as { id: string } | undefined)?.id ?? 'DOUBLE';
  if (!/^(DOUBLE|BOOLEAN|LIST)$/.test(cast) && !(cast === 'DATE' && inPlace.has(node))) refuse(`A cast to ${cast}`);
  const type = (node as Constant).value?.type?.id ?? 'NULL';
  // Both compute with decimals differently; doubles (1.5e0) are the same.
  if (!/^(BIGINT|INTEGER|DOUBLE|BOOLEAN|NULL|VARCHAR)$/.test(type)) refuse(`A ${type}`);
  return true;
};

/**
 * The query as DuckDB is to run it. Throws when Trino would refuse it or might mean something else. `parse` gives DuckDB's
 * json_serialize_sql of a query, so the tree that is checked is the tree that runs.
 */
export const fromTrino = async (sql: string, parse: (query: string) => Promise<string>): Promise<string> => {
  const query = folded(sql);
  const tree = JSON.parse(await parse(query)) as { error: boolean; error_message?: string; statements?: unknown[] };
  if (tree.error) throw new Error(`Syntax error: ${tree.error_message}`);
  walk(tree.statements, checkNode);
  if (namesPath(query)) {
    walk(tree.statements, (node) => {
      if (node.class === 'STAR') refuse('* beside "$path", which it does not hold,');
      return true;
    });
  }
  return query;
};
