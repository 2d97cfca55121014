import { ANONYMOUS } from '../event/identity.ts';
import { LAKE, type PersonalLakeName, type PersonalLakeTable } from './personal-stores.ts';
import { joined, type Sql, sql } from './sql.ts';
import { textLiteral } from './sql-literal.ts';

/**
 * Whom a query is about stands in a table of its own, of which each export and pass has one partition for as long as it
 * lasts: no id is in the text of a query, which Athena's history keeps for 45 days. `person` is the keyed hash.
 */
export type AskedRow = { run: string; profile_id: string; person: string };
export type Asked = { run: string; day: string };

const NAMES: Record<PersonalLakeName, Sql> = {
  events: sql`events`,
  outcomes: sql`outcomes`,
  profiles: sql`profiles`,
  consents: sql`consents`,
  identities: sql`identities`,
  list_members: sql`list_members`,
  segment_members: sql`segment_members`,
  lead_stages: sql`lead_stages`,
  participant_steps: sql`participant_steps`,
};
const COLUMNS = { profile_id: sql`t.profile_id`, alias: sql`t.alias` };

const askedSql = ({ run, day }: Asked): Sql =>
  sql`asked AS (SELECT profile_id, person FROM people_asked WHERE dt = ${textLiteral(day)} AND run = ${textLiteral(run)})`;

/** Expressions over row `t` that may be an id in people_asked. */
const idsIn = (table: PersonalLakeName): Sql[] => {
  const { people, anonymous = [] }: PersonalLakeTable = LAKE[table];
  return [
    ...people.map((column) => COLUMNS[column]),
    ...anonymous.map((column) => sql`${textLiteral(ANONYMOUS)} || ${COLUMNS[column]}`),
  ];
};

/** Which files hold rows of which people: the columns `person`, the hash, and `path`, s3://bucket/key. Each pair once. */
export const filesQuery = (tables: readonly PersonalLakeName[], asked: Asked): Sql => {
  const selects = tables.flatMap((table) =>
    idsIn(table).map(
      (id) =>
        sql`SELECT DISTINCT a.person, t."$path" AS path FROM ${NAMES[table]} AS t JOIN asked AS a ON a.profile_id = ${id}`,
    ),
  );
  return sql`WITH ${askedSql(asked)}
${selects.reduce((all, one) => sql`${all} UNION ${one}`)}`;
};

/** UNLOAD of the person's rows of a table, with all of its columns, to an empty s3:// folder. */
export const rowsQuery = (table: PersonalLakeName, asked: Asked, location: string): Sql => {
  const own = idsIn(table).map((id) => sql`${id} IN (SELECT profile_id FROM asked)`);
  return sql`UNLOAD (
WITH ${askedSql(asked)}
SELECT t.* FROM ${NAMES[table]} AS t WHERE ${joined(own, ' OR ')}
) TO ${textLiteral(location)} WITH (format = 'JSON', compression = 'GZIP')`;
};
