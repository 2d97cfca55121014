import { AwsClient } from 'aws4fetch';

/**
 * S3 by signed fetch. The S3 client of the SDK would add 100 KB to every handler that reads a byte range; Herald needs
 * four calls of it.
 */
const { AWS_REGION: region = 'us-east-1', AWS_ENDPOINT_URL: endpoint } = process.env;

// Lambda refreshes the credentials in the environment only by starting a new one, so they are read once.
const client = new AwsClient({
  accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
  ...(process.env.AWS_SESSION_TOKEN && { sessionToken: process.env.AWS_SESSION_TOKEN }),
  service: 's3',
  region,
  retries: 4,
});

/** Path style against a custom endpoint (the local cloud), virtual-hosted style on AWS. */
const urlOf = (bucket: string, key: string): string => {
  const path = key.split('/').map(encodeURIComponent).join('/');
  return endpoint ? `${endpoint}/${bucket}/${path}` : `https://${bucket}.s3.${region}.amazonaws.com/${path}`;
};

const call = async (bucket: string, key: string, init: RequestInit): Promise<Response> => {
  const response = await client.fetch(urlOf(bucket, key), init as never);
  if (!response.ok) throw new Error(`S3 ${init.method} ${bucket}/${key}: ${response.status} ${await response.text()}`);
  return response;
};

/** The object as a stream of bytes; `range` is [first, last] inclusive. Throws when it does not exist. */
export const readObject = async (bucket: string, key: string, range?: [number, number]): Promise<Response> =>
  call(bucket, key, { method: 'GET', ...(range && { headers: { range: `bytes=${range[0]}-${range[1]}` } }) });

export const writeObject = async (bucket: string, key: string, body: string | Uint8Array): Promise<void> => {
  await call(bucket, key, { method: 'PUT', body: body as BodyInit });
};

/** Size in bytes; throws when the object does not exist. */
export const objectSize = async (bucket: string, key: string): Promise<number> =>
  Number((await call(bucket, key, { method: 'HEAD' })).headers.get('content-length'));

/** A URL that lets its holder do one call until it expires. */
export const presign = async (method: 'GET' | 'PUT', bucket: string, key: string, seconds: number): Promise<string> => {
  const url = new URL(urlOf(bucket, key));
  url.searchParams.set('X-Amz-Expires', String(seconds));
  return (await client.sign(url, { method, aws: { signQuery: true } })).url;
};
