import { type FileForm, UnusableFile } from '../../core/audience/import-form.ts';
import { type ImportMapping, layoutOf } from '../../core/audience/import-mapping.ts';
import { type OpenedFile, openImportFile } from '../../core/audience/open-import-file.ts';
import type { ImportSource, ProfileImport } from '../../core/audience/profile-import.ts';
import { proposeMapping } from '../../core/audience/propose-mapping.ts';
import { isMissing, objectHead, readObject } from '../adapters/objects.ts';
import { Problem } from '../middleware/problem.ts';

const HEAD_BYTES = 262_144;
const SAMPLE_BYTES = 65_536;

/** Rows of an inspection that are shown. */
const SHOWN_ROWS = 10;

/** What an uploaded file is, its first rows by column, and a mapping to begin with. Throws Problem. */
export const inspectFile = async (bucket: string, { key, file }: ProfileImport) => {
  const { form, bytes, names, rows } = await open(bucket, key, file);
  const columns = names.map((name, n) => ({ name, values: rows.slice(0, SHOWN_ROWS).map((row) => row[n] ?? '') }));
  return { file: form, bytes, columns, mapping: proposeMapping(names, rows) };
};

/** The file as it will be read. Throws Problem, also when it does not have what is mapped. */
export const openSource = async (
  bucket: string,
  { key, file }: ProfileImport,
  mapping: ImportMapping,
): Promise<ImportSource> => {
  const { names: _names, rows: _rows, ...source } = await open(bucket, key, file);
  return usable(() => {
    layoutOf(mapping, source.columns);
    return source;
  });
};

/** Looks at its beginning, and for its encoding also at its middle and end. */
const open = async (bucket: string, key: string, asked: Partial<FileForm>): Promise<OpenedFile & { etag: string }> => {
  const { bytes, etag } = await objectHead(bucket, key).catch((error: unknown) => {
    throw isMissing(error) ? new Problem('state-conflict', 'Upload the file first: POST it to upload.url') : error;
  });
  const read = async (from: number, length: number) => {
    if (from >= bytes) return new Uint8Array();
    const response = await readObject(bucket, key, [from, Math.min(from + length, bytes) - 1]);
    return new Uint8Array(await response.arrayBuffer());
  };
  const places = [Math.floor(bytes / 2), bytes - SAMPLE_BYTES].filter((from) => from >= HEAD_BYTES);
  const [head = new Uint8Array(), ...others] = await Promise.all([
    read(0, HEAD_BYTES),
    ...places.map((from) => read(from, SAMPLE_BYTES)),
  ]);
  return usable(() => ({ ...openImportFile({ bytes, head, others }, asked), etag }));
};

const usable = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw error instanceof UnusableFile ? new Problem('unusable-file', error.message) : error;
  }
};
