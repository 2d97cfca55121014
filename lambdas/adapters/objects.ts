import { customEndpoint as endpoint, region, signedClient } from './signed-client.ts';
import { signPolicy } from './upload-policy.ts';

/** S3, of which Herald needs a few calls. */
const client = signedClient('s3');

/** Path style against a custom endpoint (the local cloud), virtual-hosted style on AWS. */
const urlOf = (bucket: string, key: string): string => {
  // A call of the bucket has its query instead.
  const path = key.startsWith('?') ? key : key.split('/').map(encodeURIComponent).join('/');
  return endpoint ? `${endpoint}/${bucket}/${path}` : `https://${bucket}.s3.${region}.amazonaws.com/${path}`;
};

/** S3 does not give the object. Without the right to list the bucket, a missing object is answered 403. */
export class ObjectError extends Error {
  override name = 'ObjectError';
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}
export const isMissing = (error: unknown): boolean =>
  error instanceof ObjectError && (error.status === 404 || error.status === 403);

const call = async (bucket: string, key: string, init: RequestInit): Promise<Response> => {
  const response = await client.fetch(urlOf(bucket, key), init as never);
  if (!response.ok) {
    const { status } = response;
    throw new ObjectError(`S3 ${init.method} ${bucket}/${key}: ${status} ${await response.text()}`, status);
  }
  return response;
};

/** The object as a stream of bytes; `range` is [first, last] inclusive. Throws when it does not exist. */
export const readObject = async (bucket: string, key: string, range?: [number, number]): Promise<Response> =>
  call(bucket, key, { method: 'GET', ...(range && { headers: { range: `bytes=${range[0]}-${range[1]}` } }) });

export const writeObject = async (bucket: string, key: string, body: string | Uint8Array): Promise<void> => {
  await call(bucket, key, { method: 'PUT', body: body as never });
};

/**
 * Writes, provided that the object is still the one with this tag (see objectHead and the header `etag` of a read). False when
 * it is not: read it again.
 */
export const replaceObject = async (
  bucket: string,
  key: string,
  body: string | Uint8Array,
  etag: string,
): Promise<boolean> => {
  try {
    await call(bucket, key, { method: 'PUT', body: body as never, headers: { 'if-match': etag } });
    return true;
  } catch (error) {
    // 404: it was deleted meanwhile; 409: somebody else writes it in this moment.
    if (error instanceof ObjectError && [404, 409, 412].includes(error.status)) return false;
    throw error;
  }
};

/** Writes, provided that there is no such object yet. False when there is one, or somebody else writes it in this moment. */
export const createObject = async (bucket: string, key: string, body: string): Promise<boolean> => {
  try {
    await call(bucket, key, { method: 'PUT', body, headers: { 'if-none-match': '*' } });
    return true;
  } catch (error) {
    if (error instanceof ObjectError && [409, 412].includes(error.status)) return false;
    throw error;
  }
};

/** Deletes the object. One that is not there is no error. */
export const deleteObject = async (bucket: string, key: string): Promise<void> => {
  await call(bucket, key, { method: 'DELETE' });
};

/** Keys that begin with `prefix`, in the order of their bytes, a thousand a call. Needs s3:ListBucket. */
export async function* listObjects(bucket: string, prefix: string): AsyncGenerator<string> {
  let token: string | undefined;
  do {
    const query = new URLSearchParams({ 'list-type': '2', 'encoding-type': 'url', prefix });
    if (token !== undefined) query.set('continuation-token', token);
    const text = await (await call(bucket, `?${query}`, { method: 'GET' })).text();
    for (const [, key = ''] of text.matchAll(/<Key>([^<]*)<\/Key>/g))
      yield decodeURIComponent(key.replaceAll('+', ' '));
    const next = /<NextContinuationToken>([^<]*)</.exec(text)?.[1];
    token = next === undefined ? undefined : unescaped(next);
  } while (token !== undefined);
}

/** Keys come URL-encoded, the token does not. */
const unescaped = (xml: string): string =>
  xml.replace(
    /&(amp|lt|gt|quot|apos);/g,
    (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name] ?? "'",
  );

/** Size in bytes, and the tag that changes with the content; throws when the object does not exist. */
export const objectHead = async (bucket: string, key: string): Promise<{ bytes: number; etag: string }> => {
  const { headers } = await call(bucket, key, { method: 'HEAD' });
  return { bytes: Number(headers.get('content-length')), etag: headers.get('etag') ?? '' };
};

/** A URL that lets its holder do one call until it expires. */
export const presign = async (method: 'GET' | 'PUT', bucket: string, key: string, seconds: number): Promise<string> => {
  const url = new URL(urlOf(bucket, key));
  url.searchParams.set('X-Amz-Expires', String(seconds));
  return (await client.sign(url, { method, aws: { signQuery: true } })).url;
};

/** What S3 takes in one request. */
const MAX_UPLOAD_BYTES = 5 * 1024 ** 3;

/**
 * A form that lets its holder upload one object, of this key and of at most 5 GiB, until it expires: POST the fields as
 * multipart/form-data, and the file as the last one, called `file`.
 */
export const presignUpload = (
  bucket: string,
  key: string,
  seconds: number,
  nowMs: number,
): { url: string; fields: Record<string, string> } => {
  const url = new URL(urlOf(bucket, ''));
  const conditions = [{ bucket }, ['content-length-range', 0, MAX_UPLOAD_BYTES]];
  return { url: url.href, fields: signPolicy({ key }, conditions, nowMs, nowMs + seconds * 1_000) };
};
