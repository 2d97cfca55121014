import { env } from '../../lambdas/intake/match-events.env.ts';

/** Key attributes of the tables that a handler may be given, by the variable that names the table. */
const KEYS: Record<string, string[]> = {
  DEFINITIONS_TABLE: ['kind', 'id'],
  PROFILES_TABLE: ['profileId'],
  CONTACTS_TABLE: ['profileId'],
  WINDOWS_TABLE: ['profileId', 'triggerId'],
  IDENTITIES_TABLE: ['alias'],
  TIMERS_TABLE: ['bucket', 'timer'],
};

const variables = Object.keys(env.shape);
const tables = variables.filter((name) => name.endsWith('_TABLE'));
const unknown = tables.filter((name) => !KEYS[name]);
if (unknown.length > 0) throw new Error(`The bench knows no keys of ${unknown.join(', ')}: add them to environment.ts`);

/** The tables that match-events asks for, each named as its variable. */
export const TABLES = Object.fromEntries(tables.map((name) => [name, KEYS[name]!]));

/** What match-events finds in its environment; everything is named as its variable. */
export const environment = (queueUrl: (name: string) => string): Record<string, string> =>
  Object.fromEntries(variables.map((name) => [name, name.endsWith('_URL') ? queueUrl(name) : name]));
