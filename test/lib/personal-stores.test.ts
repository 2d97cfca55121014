import { describe, expect, test } from 'vitest';
import { LAKE, LAKE_FOLDERS, QUEUES, TABLES, WORK_FOLDERS } from '../../core/audience/personal-stores.ts';
import { personTablesEnv } from '../../lambdas/audience/person-tables.ts';
import { LAKE_TABLES, PEOPLE_ASKED } from '../../lib/lake-tables.ts';
import { STAGES } from '../../lib/stages.ts';
import { statementsIn } from './policies.ts';
import { propertiesOf, resourcesOf, synthesized } from './synthesized.ts';

const stages = await Promise.all(STAGES.map(async (stage) => ({ stage, ...(await synthesized(stage)) })));
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

/**
 * Whoever adds a table, a lake table, a folder of a bucket or a queue says in core/audience/personal-stores.ts what is
 * personal in it: how it is exported and erased, or why it need not be.
 */
describe.each(stages)('the registry of stores knows, in $stage,', ({ state, platform }) => {
  test('every table', () => {
    const tables = resourcesOf(state, 'AWS::DynamoDB::Table').map(([id]) => id.replace(/Table[0-9A-F]{8}$/, ''));
    expect(sorted(Object.keys(TABLES))).toEqual(sorted(tables));
  });

  test('the keys of tables whose items it has deleted', () => {
    for (const [id, { Properties }] of resourcesOf(state, 'AWS::DynamoDB::Table')) {
      const table = TABLES[id.replace(/Table[0-9A-F]{8}$/, '') as keyof typeof TABLES];
      if (!('keys' in table)) continue;
      const schema = Properties.KeySchema as { AttributeName: string }[];
      expect(table.keys, id).toEqual(schema.map(({ AttributeName }) => AttributeName));
      if (table.personal === 'by-person') expect(table.keys[0], id).toBe('profileId');
    }
  });

  test('every lake table, and its columns that name people', () => {
    const glue = propertiesOf<{ TableInput: { Name: string } }>(platform, 'AWS::Glue::Table');
    const names = glue.map(({ TableInput }) => TableInput.Name);
    expect(sorted([...Object.keys(LAKE), 'people_asked'])).toEqual(sorted(names));
    for (const [table, columns] of Object.entries(LAKE_TABLES)) {
      const { people, anonymous = [] }: { people: readonly string[]; anonymous?: readonly string[] } =
        LAKE[table as keyof typeof LAKE];
      const named = columns.map(({ name }) => name).filter((name) => /profile_?id|alias|anonymous/.test(name));
      expect(sorted([...people, ...anonymous]), table).toEqual(sorted(named));
    }
    expect(PEOPLE_ASKED.map(({ name }) => name)).toEqual(['run', 'profile_id', 'person']);
  });

  test('every folder that anybody may write to', () => {
    const written = statementsIn(platform)
      .filter(({ actions }) => actions.includes('s3:PutObject'))
      .flatMap(({ resources }) => resources)
      .map((resource) => /(Lake|Work)Bucket\w+\/([^/*]+\/)/.exec(resource))
      .flatMap((match) => (match ? [{ bucket: match[1], folder: match[2] ?? '' }] : []));
    const of = (wanted: string) =>
      sorted(written.filter(({ bucket }) => bucket === wanted).map(({ folder }) => folder));
    expect(of('Work')).toEqual(sorted(Object.keys(WORK_FOLDERS)));
    expect(of('Lake')).toEqual(
      sorted([...Object.keys(LAKE).map((table) => `${table}/`), ...Object.keys(LAKE_FOLDERS)]),
    );
  });

  test('the days after which a folder is emptied, where it relies on them', () => {
    type Rule = { Prefix?: string; ExpirationInDays?: number };
    const rules = propertiesOf<{ LifecycleConfiguration: { Rules: Rule[] } }>(state, 'AWS::S3::Bucket').flatMap(
      ({ LifecycleConfiguration }) => LifecycleConfiguration.Rules,
    );
    for (const [folder, store] of Object.entries({ ...WORK_FOLDERS, ...LAKE_FOLDERS })) {
      if (store.personal !== 'expires') continue;
      const days = rules.find(({ Prefix }) => Prefix === folder)?.ExpirationInDays;
      // S3 deletes at the midnight after: a day later at the most.
      expect([days, Number(days) + 1], folder).toContain(store.days);
    }
  });

  test('every queue, and how long it keeps a message', () => {
    for (const [id, { Properties }] of resourcesOf(platform, 'AWS::SQS::Queue')) {
      const known = Object.entries(QUEUES).filter(([name]) => id.startsWith(name));
      expect(known.length, id).toBe(1);
      expect(Number(Properties.MessageRetentionPeriod), id).toBeLessThanOrEqual(known[0]![1].days * 86_400);
    }
  });
});

test('who exports and erases is given every table of which the registry says so', () => {
  const variables = Object.values(TABLES).flatMap((table) => ('variable' in table ? [table.variable] : []));
  expect(sorted(variables.filter((name) => name !== 'IDEMPOTENCY_TABLE'))).toEqual(
    sorted(Object.keys(personTablesEnv)),
  );
});

test('what is left says why', () => {
  for (const rows of [TABLES, WORK_FOLDERS, LAKE_FOLDERS, QUEUES]) {
    for (const [name, row] of Object.entries(rows)) {
      if ('why' in row) expect(row.why.length, name).toBeGreaterThan(15);
      else expect(row.holds.length, name).toBeGreaterThan(5);
    }
  }
});
