import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';

/** Lines of a gzip file, one at a time, so that memory does not grow with the file. Throws on a broken file. */
export async function* gunzipLines(response: Response): AsyncGenerator<string> {
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  const text = createGunzip();
  // pipe() does not hand errors on: a download that breaks off must not look like a short file.
  body.on('error', (error) => text.destroy(error));
  const failed = new Promise<never>((_, reject) => text.on('error', reject));
  const lines = createInterface({ input: body.pipe(text), crlfDelay: Number.POSITIVE_INFINITY })[
    Symbol.asyncIterator
  ]();
  try {
    for (;;) {
      const next = await Promise.race([lines.next(), failed]);
      if (next.done) break;
      if (next.value !== '') yield next.value;
    }
  } finally {
    // Who stops in the middle leaves no download behind. What is torn down then is of no interest.
    failed.catch(() => {});
    body.destroy();
    text.destroy();
  }
}
