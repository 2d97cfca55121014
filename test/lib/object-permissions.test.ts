import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import * as objects from '../../lambdas/adapters/objects.ts';
import { handlerEntries } from '../../lib/kit/bundle.ts';
import { LAKE_TABLES } from '../../lib/lake-tables.ts';
import { STAGES } from '../../lib/stages.ts';
import { functionOf, idIn, type Statement, statementsOfRole } from './policies.ts';
import { propertiesOf, synthesized } from './synthesized.ts';

/** Calls of adapters/objects.ts, which are no SDK commands, as they are in a handler's code → the action that allows them. */
const CALLS: [RegExp, string][] = [
  [/\breadObject\(/, 's3:GetObject'],
  [/\bobjectHead\(/, 's3:GetObject'],
  [/\bpresign\("GET"/, 's3:GetObject'],
  [/\bpresign\("PUT"/, 's3:PutObject'],
  [/\bpresignUpload\(/, 's3:PutObject'],
  [/\bwriteObject\(/, 's3:PutObject'],
  [/\breplaceObject\(/, 's3:PutObject'],
  [/\bcreateObject\(/, 's3:PutObject'],
  [/\bdeleteObject\(/, 's3:DeleteObject'],
  [/\blistObjects\(/, 's3:ListBucket'],
];
const NO_CALLS = ['ObjectError', 'isMissing'];

/** Athena reads tables, and writes results, as whoever starts the query. */
const ATHENA = [
  ...['s3:AbortMultipartUpload', 's3:GetBucketLocation', 's3:GetObject', 's3:ListBucket'],
  ...['s3:ListBucketMultipartUploads', 's3:ListMultipartUploadParts', 's3:PutObject'],
];
const TABLES = Object.keys(LAKE_TABLES).map((table) => `Lake/${table}/`);

/** Folders of keys that a handler does not make but gets: from a pointer in a queue, from Athena as the place of a manifest. */
const KEYS_GIVEN: Record<string, string[]> = {
  'audience/apply-refresh': ['Work/athena/', 'Work/refreshes/'],
  'audience/apply-scores': ['Work/models/', 'Work/athena/'],
  'audience/fit-model': ['Work/models/', 'Work/athena/'],
  'audience/change-list-part': ['Work/lists/', 'Work/snapshots/'],
  'audience/estimate-audience': ['Work/samples/'],
  'strategy/tell-members': ['Work/athena/', 'Work/refreshes/'],
  'delivery/send-email': ['Work/snapshots/'],
  'delivery/send-inapp': ['Work/snapshots/'],
  'delivery/send-push': ['Work/snapshots/'],
  'delivery/send-sms': ['Work/snapshots/'],
  'delivery/send-webhook': ['Work/snapshots/'],
  'delivery/send-wechat': ['Work/snapshots/'],
  'delivery/send-whatsapp': ['Work/snapshots/'],
  'delivery/dispatch-snapshot': ['Work/athena/'],
};

/** What goes as a whole when it mentions somebody who is erased. */
const LOOKED_INTO = ['exports', 'imports', 'lists', 'previews'].map((folder) => `Work/${folder}/`);

/** What is rewritten line by line. */
const BY_LINE = ['models', 'samples', 'snapshots'].map((folder) => `Work/${folder}/`);

/** Of handlers that do different things in different folders, what they do where. */
const BY_HAND: Record<string, Record<'s3:GetObject' | 's3:PutObject' | 's3:DeleteObject', string[]>> = {
  'audience/cleanse-stores': {
    's3:GetObject': [...LOOKED_INTO, ...BY_LINE, 'Work/asked/', 'Work/erasures/'],
    's3:PutObject': [...TABLES, ...BY_LINE, 'Work/asked/', 'Work/erasures/'],
    's3:DeleteObject': [...LOOKED_INTO, 'Work/asked/', 'Work/erasures/'],
  },
  'audience/export-person': {
    's3:GetObject': ['Work/asked/', 'Work/exports/'],
    's3:PutObject': ['Work/asked/', 'Work/exports/'],
    's3:DeleteObject': ['Work/asked/', 'Work/exports/'],
  },
  'delivery/manage-materials': {
    's3:GetObject': [],
    's3:PutObject': ['Work/materials/'],
    's3:DeleteObject': ['Work/materials/'],
  },
};

/** What a handler does with objects, read from its own code: esbuild drops what it does not use and keeps the names. */
const useOf = async (entry: string) => {
  const { outputFiles } = await build({
    ...{ entryPoints: [`lambdas/${entry}.ts`], outdir: 'nowhere', write: false, bundle: true, splitting: true },
    ...{ format: 'esm', platform: 'node', packages: 'external' },
  });
  const code = outputFiles.map(({ text }) => text).join('\n');
  // Keys are written `imports/${…}`, or `s3://${…}/imports/${…}` for Athena; paths of the API begin with a slash.
  const folders = [
    ...code.matchAll(
      /(?:[`"]|s3:\/\/\$\{\w+\}\/)(imports|lists|materials|previews|refreshes|samples|snapshots|athena|triggers|asked|erasures|exports)\//g,
    ),
  ];
  return {
    actions: CALLS.filter(([call]) => call.test(code)).map(([, action]) => action),
    folders: folders.map(([, folder]) => `Work/${folder}/`),
    asks: code.includes('new StartQueryExecutionCommand('),
    unloads: code.includes('UNLOAD'),
  };
};

/** Folders in which a policy allows the action, as `Work/imports/`. */
const foldersOf = (statements: Statement[], action: string): string[] =>
  sorted(
    statements
      .filter(({ actions }) => actions.includes(action))
      .flatMap(({ resources }) => resources.map((one) => one.replace(/^.*?(Lake|Work)Bucket\w+\/(.*)\*$/, '$1/$2'))),
  );

const sorted = (values: string[]): string[] => [...new Set(values)].sort();

const entries = await handlerEntries();
const uses = new Map(await Promise.all(entries.map(async (entry) => [entry, await useOf(entry)] as const)));
const stages = await Promise.all(STAGES.map(async (stage) => ({ stage, ...(await synthesized(stage)) })));

test('every call of the adapter is known here, and is made by some handler', () => {
  const called = (name: string) => CALLS.filter(([call]) => call.source.includes(name)).length > 0;
  expect(Object.keys(objects).filter((name) => !called(name) && !NO_CALLS.includes(name))).toEqual([]);
  const made = [...uses.values()].flatMap(({ actions }) => actions);
  expect(sorted(made)).toEqual(['s3:DeleteObject', 's3:GetObject', 's3:ListBucket', 's3:PutObject']);
});

describe.each(entries)('%s', (entry) => {
  const { actions, folders, asks, unloads } = uses.get(entry)!;

  test.each(stages)('may do with objects what its code does, and nothing else, in $stage', ({ platform }) => {
    const granted = functionOf(platform, entry).actions.filter((action) => action.startsWith('s3:'));
    expect(sorted(granted)).toEqual(sorted([...actions, ...(asks ? ATHENA : [])]));
  });

  test.each(stages)('may write where its keys are in $stage', ({ platform }) => {
    const { statements } = functionOf(platform, entry);
    const writes = actions.includes('s3:PutObject') || (asks && unloads);
    expect(foldersOf(statements, 's3:PutObject')).toEqual(
      sorted([...(BY_HAND[entry]?.['s3:PutObject'] ?? (writes ? folders : [])), ...(asks ? ['Work/athena/'] : [])]),
    );
  });

  test.each(stages)('may read where its keys are, and those that it is given, in $stage', ({ platform }) => {
    const { statements } = functionOf(platform, entry);
    const given = actions.includes('s3:GetObject') ? [...folders, ...(KEYS_GIVEN[entry] ?? [])] : [];
    const own = BY_HAND[entry]?.['s3:GetObject'] ?? given;
    expect(foldersOf(statements, 's3:GetObject')).toEqual(
      sorted([...own, ...(asks ? [...TABLES, 'Work/athena/'] : [])]),
    );
  });
});

test.each(stages)('only what is said here is deleted in $stage', ({ platform }) => {
  for (const entry of entries) {
    const { statements } = functionOf(platform, entry);
    expect(foldersOf(statements, 's3:DeleteObject'), entry).toEqual(sorted(BY_HAND[entry]?.['s3:DeleteObject'] ?? []));
  }
});

test.each(stages)('each stream writes its own folder of the lake, and what it failed at, in $stage', ({ platform }) => {
  type Destination = { Prefix: string; ErrorOutputPrefix: string; RoleARN: unknown };
  const streams = propertiesOf<{ ExtendedS3DestinationConfiguration: Destination }>(
    platform,
    'AWS::KinesisFirehose::DeliveryStream',
  ).map(({ ExtendedS3DestinationConfiguration }) => ExtendedS3DestinationConfiguration);
  expect(streams.length).toBe(TABLES.length);
  for (const { Prefix, ErrorOutputPrefix, RoleARN } of streams) {
    const statements = statementsOfRole(platform, idIn(RoleARN));
    const prefixes = [Prefix, ErrorOutputPrefix].map((prefix) => `Lake/${/^.*?\/(?=dt=|!)/.exec(prefix)?.[0]}`);
    expect(foldersOf(statements, 's3:PutObject')).toEqual(sorted(prefixes));
    expect(foldersOf(statements, 's3:GetObject')).toEqual([]);
  }
});

// On the emulator a function stands in for Athena's UNLOAD.
test.each(stages.filter(({ stage }) => stage !== 'emulator'))(
  'a state machine that runs an UNLOAD reads the lake and writes into its own folder in $stage',
  ({ platform }) => {
    const machines = propertiesOf<{ RoleArn: unknown }>(platform, 'AWS::StepFunctions::StateMachine');
    const unloading = machines.filter((machine) => JSON.stringify(machine).includes(':athena:'));
    const granted = unloading.map(({ RoleArn }) => {
      const statements = statementsOfRole(platform, idIn(RoleArn));
      return [foldersOf(statements, 's3:PutObject'), foldersOf(statements, 's3:GetObject')];
    });
    // Live segments are refreshed, and people enter journeys on schedule.
    const refreshes = ['Work/refreshes/', 'Work/refreshes/'];
    const wanted = ['Work/models/', ...refreshes, 'Work/snapshots/'].map((folder) => [
      ['Work/athena/', folder],
      sorted([...TABLES, 'Work/athena/', folder]),
    ]);
    expect(granted.sort()).toEqual(wanted.sort());
  },
);
