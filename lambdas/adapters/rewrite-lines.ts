import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { gunzipLines } from './lines.ts';
import { isMissing, readObject, replaceObject } from './objects.ts';

const ATTEMPTS = 5;

/** What a line becomes; undefined: it goes. */
type Rewrite = (line: string) => string | undefined;

/**
 * Writes an object anew with every line as `rewrite` says, when that changes any; true if it did. Lines of gzip files are
 * streamed: memory holds what is written, compressed. Nothing that somebody else writes meanwhile is lost: the write names
 * the version that was read, and else it is done again. An object that is not there (any more) is no error.
 */
export const rewriteLines = async (bucket: string, key: string, rewrite: Rewrite): Promise<boolean> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const response = await readObject(bucket, key).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (!response) return false;
    const etag = response.headers.get('etag') ?? '';
    const { changed, body } = key.endsWith('.gz')
      ? await gzipped(response, rewrite)
      : plain(await response.text(), rewrite);
    if (!changed) return false;
    if (await replaceObject(bucket, key, body, etag)) return true;
  }
  throw new Error(`${key} is being written all the time`);
};

const gzipped = async (response: Response, rewrite: Rewrite) => {
  const zip = createGzip();
  const chunks: Buffer[] = [];
  zip.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(zip, 'end');
  let changed = false;
  for await (const line of gunzipLines(response)) {
    const after = rewrite(line);
    changed ||= after !== line;
    if (after !== undefined && !zip.write(`${after}\n`)) await once(zip, 'drain');
  }
  zip.end();
  await ended;
  return { changed, body: Buffer.concat(chunks) };
};

const plain = (text: string, rewrite: Rewrite) => {
  let changed = false;
  const lines = text.split('\n').flatMap((line) => {
    const after = line === '' ? line : rewrite(line);
    changed ||= after !== line;
    return after === undefined ? [] : [after];
  });
  return { changed, body: Buffer.from(lines.join('\n')) };
};
