import { pipeline, Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';

/**
 * Lines of a gzip file, one at a time, so that memory does not grow with the file. Only a line feed ends a line: readline
 * would also take U+2028 and U+2029 for one, which JSON texts may hold. Throws on a broken file.
 */
export async function* gunzipLines(response: Response): AsyncGenerator<string> {
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  // A download that breaks off, or a reader that stops in the middle, ends both streams; the loop throws what went wrong.
  const text = pipeline(body, createGunzip(), () => {});
  let rest = '';
  for await (const chunk of text.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
  }
  if (rest !== '') yield rest;
}
