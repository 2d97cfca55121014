import type { Context } from 'aws-lambda';
import { idsIn, type Pass } from '../../core/audience/cleansing.ts';
import { idsOf, SETTLED_MS } from '../../core/audience/erasure.ts';
import { type AskedRow, filesQuery } from '../../core/audience/erasure-queries.ts';
import { LAKE, type PersonalLakeName, WORK_FOLDERS } from '../../core/audience/personal-stores.ts';
import { type QueryState, queries } from '../adapters/athena.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasures } from '../adapters/erasures.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { deleteObject, isMissing, listObjects, readObject, writeObject } from '../adapters/objects.ts';
import { hasher } from '../adapters/person-hash.ts';
import { secretText } from '../adapters/secrets.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './cleanse-stores.env.ts';
import { cleanseTables } from './cleanse-tables.ts';
import { forgetInFile } from './forget-in-file.ts';
import { forgetInTables } from './forget-in-tables.ts';

const environment = readEnv(env);
const { ERASURES_TABLE, ERASURE_KEY_ARN, LAKE_BUCKET, WORK_BUCKET, ATHENA_WORK_GROUP, GLUE_DATABASE } = environment;
const store = erasures(ERASURES_TABLE, hasher(() => secretText(ERASURE_KEY_ARN)).hash);
const defs = definitions(environment.DEFINITIONS_TABLE);
const lake = queries({ workGroup: ATHENA_WORK_GROUP, database: GLUE_DATABASE });
const ports = { erasures: store, tables: environment };
const files = { defs, lakeBucket: LAKE_BUCKET, workBucket: WORK_BUCKET };

/** Files that are looked into at once. */
const PARALLEL_FILES = 8;
/** So many queries are asked in a pass before it is given up. */
const MAX_QUERIES = 3;
/** With less time left nothing more is begun; a file takes seconds. */
const ENOUGH_MS = 60_000;

/** Folders of the work bucket in which everything is looked into. */
const FOLDERS = Object.entries(WORK_FOLDERS).flatMap(([folder, { personal }]) =>
  personal === 'none' || personal === 'expires' ? [] : [folder],
);

type Step = 'begin' | 'find' | 'rewrite' | 'tables' | 'finish' | 'done';
type Task = { passId: string; step: Step; next: number };

/**
 * Task of cleanse-stores, step by step: removes everybody who waits from the lake, the files of the work bucket, and the tables
 * that can only be read whole. One pass is for all of them, since it reads what there is once, however many they are.
 *
 * Running a step twice is safe: what is removed is not found again, the query of a pass is started once, the worklist is
 * written before it is worked on, and whoever is finished does not wait any more. An erasure is finished when a pass found
 * nothing of its person in lake and files, and no further id.
 */
export const handler = async (
  { passId, step, next }: Task,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<Task> => {
  const key = `erasures/${passId}.json`;
  const enough = () => context.getRemainingTimeInMillis() > ENOUGH_MS;
  if (step === 'begin') return { passId, step: (await begin(passId, key)) ? 'find' : 'done', next: 0 };
  const pass = await passOf(key);
  if (!pass) {
    // The last step deletes the worklist at its very end.
    if (step === 'finish') return { passId, step: 'done', next: 0 };
    throw new Error(`The worklist of pass ${passId} is gone`);
  }
  const save = () => writeObject(WORK_BUCKET, key, JSON.stringify(pass));
  if (step === 'find') {
    const state = await find(pass, next, context.getRemainingTimeInMillis() - ENOUGH_MS);
    if (state !== 'succeeded') return { passId, step, next: state === 'failed' ? next + 1 : next };
    await save();
    return { passId, step: 'rewrite', next: 0 };
  }
  if (step === 'rewrite') {
    const done = await rewrite(pass, next, enough);
    await save();
    return done < pass.files.length ? { passId, step, next: done } : { passId, step: 'tables', next: 0 };
  }
  if (step === 'tables') {
    await cleanseTables(environment, defs, pass.people, Date.now());
    return { passId, step: 'finish', next: 0 };
  }
  await finish(pass);
  await forgetPass(pass, key);
  return { passId, step: 'done', next: 0 };
};

const passOf = async (key: string): Promise<Pass | undefined> => {
  const response = await readObject(WORK_BUCKET, key).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  return response && ((await response.json()) as Pass);
};

const forgetPass = async (pass: Pass, key: string): Promise<void> => {
  await deleteObject(WORK_BUCKET, askedKey(pass));
  await deleteObject(WORK_BUCKET, key);
};

const askedKey = ({ asked }: Pick<Pass, 'asked'>): string => `asked/dt=${asked.day}/${asked.run}.ndjson`;

/** Writes down who waits, for the query and for the further steps; false when nobody does. */
const begin = async (passId: string, key: string): Promise<boolean> => {
  const waiting = (await store.people()).filter(({ requestedMs }) => Date.now() - requestedMs >= SETTLED_MS);
  const people: Pass['people'] = [];
  for (const person of waiting) {
    const nowMs = Date.now();
    // An execution that was never started, or has failed, does not keep anybody waiting.
    const found = person.settledMs === undefined ? await forgetInTables(ports, person, nowMs) : person;
    if (!found) continue;
    const settled = { settledMs: nowMs, ...found };
    // So that workers remember until 30 days after the last pass.
    if (await store.note(settled, nowMs)) people.push(settled);
  }
  // Of an attempt that crashed, and whose people another pass may have finished since.
  const earlier = await passOf(key);
  if (people.length === 0) {
    if (earlier) await forgetPass(earlier, key);
    return false;
  }
  const asked = earlier?.asked ?? { run: passId, day: new Date().toISOString().slice(0, 10) };
  const rows = people.flatMap((person) =>
    idsOf(person).map((id): AskedRow => ({ run: passId, profile_id: id, person: person.id })),
  );
  // First the worklist: it leads to the other one.
  await writeObject(WORK_BUCKET, key, JSON.stringify({ asked, people, files: [], unfinished: [] } satisfies Pass));
  await writeObject(WORK_BUCKET, askedKey({ asked }), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return true;
};

/**
 * Finds the files by the query number `attempt`. When that takes longer than there is time for, it is to be asked for again;
 * when it failed, another one: Athena gives a failed one to whoever asks for it again. Throws when the last one failed.
 */
const find = async (pass: Pass, attempt: number, waitMs: number): Promise<QueryState['state']> => {
  const sql = filesQuery(Object.keys(LAKE) as PersonalLakeName[], pass.asked);
  const id = await lake.start(sql, `herald-erasure-${pass.asked.run}-${attempt}`.padEnd(32, '-'));
  const { state, reason } = await lake.settled(id, waitMs);
  if (state === 'failed' && attempt + 1 === MAX_QUERIES) throw new Error(`Query ${id} failed: ${reason}`);
  if (state !== 'succeeded') return state;
  const found = await lake.rows(id);
  const prefix = `s3://${LAKE_BUCKET}/`;
  const keys = [...new Set(found.map(({ path }) => path ?? ''))].map((path) => path.slice(prefix.length)).sort();
  pass.files = keys.map((key) => ({ bucket: 'lake', table: key.slice(0, key.indexOf('/')), key }));
  for (const folder of FOLDERS) {
    for await (const key of listObjects(WORK_BUCKET, folder)) pass.files.push({ bucket: 'work', key });
  }
  pass.unfinished = [...new Set(found.map(({ person }) => person ?? ''))];
  return state;
};

/** Works on the files from number `from` on, as long as there is time; gives the number of the next one. */
const rewrite = async (pass: Pass, from: number, mayGoOn: () => boolean): Promise<number> => {
  const ids = idsIn(pass.people);
  let at = from;
  while (at < pass.files.length && mayGoOn()) {
    const together = pass.files.slice(at, at + PARALLEL_FILES);
    await inParallel(PARALLEL_FILES, together, async (file) => {
      const left = await forgetInFile(files, file, pass.people, ids, Date.now());
      pass.unfinished = [...new Set([...pass.unfinished, ...left])];
    });
    at += together.length;
  }
  return at;
};

/** Once more in the tables, for what came meanwhile; then whoever was found nowhere is done. */
const finish = async ({ people, unfinished }: Pass): Promise<void> => {
  for (const person of people) {
    const nowMs = Date.now();
    const found = await forgetInTables(ports, person, nowMs);
    if (!found) continue;
    // An id that is new now was not looked for.
    const isFinished = !unfinished.includes(person.id) && found.aliases.length === person.aliases.length;
    await store.change(person.id, (erasure) => ({
      ...{ ...erasure, passes: erasure.passes + 1 },
      ...(isFinished && { state: 'finished', finishedMs: nowMs }),
    }));
    if (isFinished) await store.forgetPerson(person.id);
  }
};
