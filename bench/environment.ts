/** Key attributes of the tables that a handler may be given, by the variable that names the table. */
const KEYS: Record<string, string[]> = {
  DEFINITIONS_TABLE: ['kind', 'id'],
  PROFILES_TABLE: ['profileId'],
  CONTACTS_TABLE: ['profileId'],
  DEVICES_TABLE: ['deviceId'],
  WINDOWS_TABLE: ['profileId', 'triggerId'],
  MEMBERSHIPS_TABLE: ['profileId', 'membership'],
  LEADS_TABLE: ['profileId', 'modelId'],
  PARTICIPANTS_TABLE: ['profileId', 'journeyId'],
  IDENTITIES_TABLE: ['alias'],
  TIMERS_TABLE: ['bucket', 'timer'],
  LEDGER_TABLE: ['run', 'unit'],
  FAILURES_TABLE: ['messageId'],
  ERASURES_TABLE: ['kind', 'id'],
};

/**
 * The tables that a handler asks for, and what it finds in its environment: everything is named as its variable. `file`: the
 * handler's own list of variables, from lambdas/ on.
 */
export const environmentOf = async (file: string) => {
  const { env } = (await import(`../lambdas/${file}`)) as { env: { shape: object } };
  const variables = Object.keys(env.shape);
  const tables = variables.filter((name) => name.endsWith('_TABLE'));
  const unknown = tables.filter((name) => !KEYS[name]);
  if (unknown.length > 0)
    throw new Error(`The bench knows no keys of ${unknown.join(', ')}: add them to ${import.meta.url}`);
  const given = (name: string, queueUrl: (name: string) => string): string => {
    if (name === 'LINKS_URL') return 'https://go.example.com';
    return name.endsWith('_URL') ? queueUrl(name) : name;
  };
  return {
    tables: Object.fromEntries(tables.map((name) => [name, KEYS[name]!])),
    values: (queueUrl: (name: string) => string): Record<string, string> =>
      Object.fromEntries(variables.map((name) => [name, given(name, queueUrl)])),
  };
};
