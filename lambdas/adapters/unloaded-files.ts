import { readObject } from './objects.ts';

/**
 * Keys of the files that an UNLOAD wrote, in a fixed order, by the manifest of it (S3 address). Only the manifest is to be
 * trusted, for an attempt that failed leaves files behind. Throws for files of another bucket: they are none of ours.
 */
export const unloadedFiles = async (bucket: string, manifest: string): Promise<string[]> => {
  const prefix = `s3://${bucket}/`;
  const keyOf = (uri: string): string => {
    if (!uri.startsWith(prefix)) throw new Error(`${uri} is not in ${prefix}`);
    return uri.slice(prefix.length);
  };
  const lines = (await (await readObject(bucket, keyOf(manifest))).text()).split(/\r?\n/);
  const addresses = lines.map((line) => line.trim().replace(/^"(.*)"$/, '$1')).filter((line) => line !== '');
  return addresses.map(keyOf).sort();
};
