import type { Context } from 'aws-lambda';
import { peopleOf, type SpooledRow } from '../../core/audience/import-people.ts';
import type { ProfileRow } from '../../core/audience/profile.ts';
import { MAX_LANE_ERRORS, nothingWritten, type ProfileImport, sumOf } from '../../core/audience/profile-import.ts';
import type { ConsentRow } from '../../core/delivery/consent.ts';
import { consentGrants } from '../adapters/consent-grants.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions, VersionConflict } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { appendRows } from '../adapters/lake.ts';
import { readObject } from '../adapters/objects.ts';
import { profiles } from '../adapters/profiles.ts';
import { readEnv } from '../middleware/read-env.ts';
import { type ImportTask, importAtWork, loadLane, pieceKey, saveLane } from './import-records.ts';
import { env } from './write-import.env.ts';
import { writePeople } from './write-people.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, PROFILES_TABLE, CONTACTS_TABLE, PROFILES_STREAM, CONSENTS_STREAM, WORK_BUCKET } =
  environment;
const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
const defs = definitions(DEFINITIONS_TABLE);
const ports = {
  profiles: profiles(PROFILES_TABLE),
  contacts: contacts(CONTACTS_TABLE),
  grantConsents: consentGrants(CONTACTS_TABLE),
  appendProfiles: (rows: ProfileRow[]) => appendRows(PROFILES_STREAM, rows),
  appendConsents: (rows: ConsentRow[]) => appendRows(CONSENTS_STREAM, rows),
};

/** The part of the Lambda's time after which no new piece is begun. */
const TIME_SHARE = 0.6;

/**
 * Task of import-profiles: writes the people of one lane, piece after piece, until all are written or time is short. Running
 * it twice is safe: the lane's place is stored with what was counted, under its version; a piece that is written again finds
 * its own writes and counts them as the first time.
 */
export const handler = async (
  { lane, ...task }: ImportTask & { lane: number },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ done: boolean }> => {
  const enoughMs = context.getRemainingTimeInMillis() * (1 - TIME_SHARE);
  do {
    const it = (await importAtWork(defs, task))?.body;
    if (!it?.reading || !(await writePiece(it, it.reading.steps, lane))) return { done: true };
  } while (context.getRemainingTimeInMillis() > enoughMs);
  return { done: false };
};

/** Writes the lane's next piece; false when there is none left. */
const writePiece = async (it: ProfileImport, pieces: number, lane: number): Promise<boolean> => {
  const { body: before, version } = await loadLane(defs, it, lane);
  if (before.steps >= pieces) return false;
  const text = await (await readObject(WORK_BUCKET, pieceKey(it, before.steps, lane))).text();
  const rows = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as SpooledRow]));
  const nowMs = Date.now();
  const piece = { batch: `${it.id}/${before.generation}`, step: before.steps };
  const isErased = await erased();
  const [barred, people] = split(peopleOf(rows), ({ profileId }) => isErased(profileId));
  const { tooLarge, ...written } = await writePeople(ports, people, piece, nowMs);
  const errors = [
    // Without an excerpt: what is refused is kept, and does not name anybody who was erased.
    ...barred.map(({ line }) => ({ line, column: '', message: 'the person was erased not long ago', excerpt: '' })),
    ...tooLarge.map(({ line, profileId }) => ({
      ...{ line, column: '', message: 'the profile becomes too large', excerpt: profileId },
    })),
  ];
  const refused = barred.reduce((sum, { counted }) => sum + counted, 0);
  const after = {
    generation: before.generation,
    steps: before.steps + 1,
    ...sumOf([before, written, { ...nothingWritten, refused }]),
    errors: [...before.errors, ...errors].slice(0, MAX_LANE_ERRORS),
  };
  // Who was faster has written and counted the same: go on from there.
  await saveLane(defs, it, lane, after, version, nowMs).catch((error: unknown) => {
    if (!(error instanceof VersionConflict)) throw error;
  });
  return true;
};

const split = <T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] => [
  all.filter(isFirst),
  all.filter((one) => !isFirst(one)),
];
