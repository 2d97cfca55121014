import { createHmac } from 'node:crypto';

/**
 * Keyed hash of an id, 43 characters: HMAC-SHA256 with a key that only Secrets Manager has. `readKey` is called at the first
 * hash; a read that failed is tried again by the next one.
 */
export const hasher = (readKey: () => Promise<string>) => {
  let key: Promise<string> | undefined;
  /** The hash at once, for many ids. */
  const ready = async (): Promise<(id: string) => string> => {
    key ??= readKey();
    const secret = await key.catch((error: unknown) => {
      key = undefined;
      throw error;
    });
    return (id) => createHmac('sha256', secret).update(id).digest('base64url');
  };
  return { ready, hash: async (id: string): Promise<string> => (await ready())(id) };
};
