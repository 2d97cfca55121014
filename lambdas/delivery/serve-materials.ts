import { routes } from '../../core/access/routes/links.ts';
import { kindOfFile, materialKey } from '../../core/strategy/template/material.ts';
import { PICTURE_TYPES } from '../../core/strategy/template/picture.ts';
import { isMissing, readObject } from '../adapters/objects.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './serve-materials.env.ts';

const { WORK_BUCKET } = readEnv(env);

/** The bytes at an address never change, so whoever stands between keeps them: mail programs' own proxies, or a CDN. */
const HEADERS = { 'cache-control': 'public, max-age=31536000, immutable', 'x-content-type-options': 'nosniff' };

const bytesOf = async (file: string): Promise<Uint8Array> => {
  try {
    return new Uint8Array(await (await readObject(WORK_BUCKET, materialKey(file))).arrayBuffer());
  } catch (error) {
    if (isMissing(error)) throw new Problem('not-found', 'There is no such picture');
    throw error;
  }
};

/** Pictures of messages, for everybody. It changes nothing, so it may run as often as it likes. */
export const handler = apiHandler('delivery/serve-materials', routes, {
  showMaterial: async ({ params: { file } }) => {
    const kind = kindOfFile(file);
    if (!kind) throw new Problem('not-found', 'There is no such picture');
    return { document: { type: PICTURE_TYPES[kind], content: await bytesOf(file) }, headers: HEADERS };
  },
});
