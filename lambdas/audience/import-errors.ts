import { type ImportError, MAX_LISTED_ERRORS, type ProfileImport } from '../../core/audience/profile-import.ts';
import { readObject, writeObject } from '../adapters/objects.ts';

/**
 * The errors file with more errors, while there is room; gives its key. S3 cannot append: it is another object, named by
 * `place` in the import, so what is done again writes the same. Bounded, so it fits in memory.
 */
export const appendErrors = async (
  bucket: string,
  it: ProfileImport,
  current: string | undefined,
  errors: readonly ImportError[],
  place: string,
): Promise<string | undefined> => {
  if (errors.length === 0) return current;
  const before = current ? await (await readObject(bucket, current)).text() : '';
  const room = MAX_LISTED_ERRORS - before.split('\n').length + 1;
  if (room <= 0) return current;
  const key = `imports/${it.id}/${it.reading?.generation ?? 0}/errors-${place}.ndjson`;
  const lines = errors.slice(0, room).map((error) => `${JSON.stringify(error)}\n`);
  await writeObject(bucket, key, before + lines.join(''));
  return key;
};
