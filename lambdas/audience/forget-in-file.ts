import { isOver, noting, type PersonalFile, textsOf, type Upload } from '../../core/audience/cleansing.ts';
import { idsOf, type PendingPerson } from '../../core/audience/erasure.ts';
import {
  forgetFacts,
  forgetRecipients,
  forgetRows,
  forgetSampled,
  forgetUnloaded,
} from '../../core/audience/forget-lines.ts';
import { mentions } from '../../core/audience/mentions.ts';
import { LAKE, type PersonalLakeName } from '../../core/audience/personal-stores.ts';
import type { DefinitionKind, Definitions } from '../adapters/definitions.ts';
import { deleteObject, isMissing, listObjects, readObject } from '../adapters/objects.ts';
import { rewriteLines } from '../adapters/rewrite-lines.ts';

type Ports = { defs: Definitions; lakeBucket: string; workBucket: string };

/**
 * Removes people from one file. Gives the hashes of those who were in it, and of those of whom something had to be left,
 * because an import still reads the file: a later pass comes back for what was copied meanwhile, or is left. An upload that
 * is deleted does not count: it may have named somebody else, and nothing copies it any more. Running it twice is safe: what is
 * removed is not found again.
 */
export const forgetInFile = async (
  ports: Ports,
  subject: PersonalFile,
  people: readonly PendingPerson[],
  ids: ReadonlySet<string>,
  nowMs: number,
): Promise<string[]> => {
  const { key } = subject;
  if (subject.bucket === 'lake') {
    await rewriteLines(ports.lakeBucket, key, forgetRows(LAKE[subject.table as PersonalLakeName], ids));
    return [];
  }
  const forget = lineForgetter(key);
  if (forget) {
    const { found, ...noted } = noting(ids);
    await rewriteLines(ports.workBucket, key, forget(noted));
    return people.filter((person) => idsOf(person).some((id) => found.has(id))).map(({ id }) => id);
  }
  const [folder = '', file = '', inFolder] = key.split('/');
  const id = inFolder === undefined ? file.replace(/\.\w+$/, '') : file;
  if (!(await isMentioned(ports.workBucket, key, people.flatMap(textsOf)))) return [];
  const kind = UPLOADS[folder];
  if (kind !== undefined && !isOver((await ports.defs.get<Upload>(kind, id))?.body, nowMs)) {
    return people.map((person) => person.id);
  }
  await deleteObject(ports.workBucket, key);
  if (inFolder === undefined) return [];
  for await (const own of listObjects(ports.workBucket, `${folder}/${id}/`)) await deleteObject(ports.workBucket, own);
  return [];
};

/** For files with a line a person. */
const lineForgetter = (key: string) => {
  if (key.startsWith('snapshots/')) return key.endsWith('.gz') ? forgetUnloaded : forgetRecipients;
  if (key.startsWith('models/')) return forgetFacts;
  return key.startsWith('samples/') ? forgetSampled : undefined;
};

/** Folders of what somebody uploaded, and the definitions that say whether it is still needed. */
const UPLOADS: Record<string, DefinitionKind> = { imports: 'import', lists: 'list-change' };

const isMentioned = async (bucket: string, key: string, texts: readonly string[]): Promise<boolean> => {
  const response = await readObject(bucket, key).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  const found = mentions(texts);
  for await (const chunk of response?.body ?? []) {
    // Leaving the loop ends the download.
    if (found.in(chunk)) return true;
  }
  return false;
};
