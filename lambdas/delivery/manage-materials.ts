import { routes } from '../../core/access/routes/materials.ts';
import {
  fileOf,
  MATERIAL_PATH,
  MAX_MATERIAL,
  type Material,
  materialKey,
} from '../../core/strategy/template/material.ts';
import { PICTURE_TYPES, pictureOf } from '../../core/strategy/template/picture.ts';
import { definitions, type Stored } from '../adapters/definitions.ts';
import { deleteObject, writeObject } from '../adapters/objects.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-materials.env.ts';
import { pictureUses } from './picture-uses.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE, WORK_BUCKET, LINKS_URL } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };

const MAX_USES = 10;

/**
 * Pictures. Running a call twice is safe: an upload has the call's own id, so it writes the same bytes to the same place, and a
 * deletion that broke off is finished by the next.
 */
export const handler = apiHandler(
  'delivery/manage-materials',
  routes,
  {
    createMaterial: async ({ body: { name, content }, actor, nowMs, newId: id }) => {
      const bytes = Buffer.from(content, 'base64');
      if (bytes.length > MAX_MATERIAL)
        throw new Problem('body-too-large', `The picture has ${bytes.length} bytes; ${MAX_MATERIAL} may be stored`);
      const picture = pictureOf(bytes);
      if (!picture) {
        const message = 'These bytes are no PNG, JPEG, GIF or WebP';
        throw new Problem('invalid-body', message, { errors: [{ path: 'content', message }] });
      }
      const material: Material = { id, name, picture, bytes: bytes.length, savedBy: actor, savedMs: nowMs };
      // The bytes first: whatever is in the list is there.
      await writeObject(WORK_BUCKET, materialKey(fileOf(material)), bytes);
      const outbox = [auditOf(material, 'create', actor, nowMs, 1)];
      const stored = await createDefinition(defs, 'material', id, material, nowMs, outbox, sinks);
      return { body: viewOf(stored.body), headers: { location: `/v1/materials/${id}` } };
    },

    listMaterials: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<Material>('material', limit, cursor);
      const items = page.items.flatMap(({ body }) => (body.deletedMs === undefined ? [viewOf(body)] : []));
      return { body: { ...page, items } };
    },

    getMaterial: async ({ params: { materialId } }) => {
      const { body } = await load(materialId);
      if (body.deletedMs !== undefined) throw notFound(materialId);
      return { body: viewOf(body) };
    },

    deleteMaterial: async ({ params: { materialId }, actor, nowMs }) => {
      const { body: material, version } = await load(materialId);
      if (material.deletedMs === undefined) {
        await refuseUsed(material, nowMs);
        const outbox = [auditOf(material, 'delete', actor, nowMs, version + 1)];
        const gone = { ...material, deletedMs: nowMs };
        await saveDefinition(defs, 'material', materialId, gone, version, nowMs, outbox, sinks);
      }
      await deleteObject(WORK_BUCKET, materialKey(fileOf(material)));
      return {};
    },
  },
  IDEMPOTENCY_TABLE,
);

const notFound = (id: string) => new Problem('not-found', `There is no picture ${id}`);

const load = async (id: string): Promise<Stored<Material>> => {
  const stored = await defs.get<Material>('material', id);
  if (!stored) throw notFound(id);
  return stored;
};

const viewOf = ({ id, name, picture, bytes, savedBy, savedMs }: Material) => ({
  ...{ id, name, url: LINKS_URL + MATERIAL_PATH + fileOf({ id, picture }), type: PICTURE_TYPES[picture.kind] },
  ...{ width: picture.width, height: picture.height, bytes, savedBy, savedMs },
});

const auditOf = ({ id, name }: Material, action: string, actor: string, atMs: number, version: number) => ({
  effect: 'audit' as const,
  entry: { subject: `material/${id}`, action, actor, atMs, version, detail: name },
});

/** Throws 409 with what shows it. */
const refuseUsed = async (material: Material, nowMs: number): Promise<void> => {
  const uses = await pictureUses(defs, fileOf(material), nowMs);
  if (uses.length === 0) return;
  const named = uses.slice(0, MAX_USES);
  const names = named.map(({ kind, name }) => `${kind} “${name}”`).join(', ');
  const more = uses.length > MAX_USES ? ` and ${uses.length - MAX_USES} more` : '';
  throw new Problem('in-use', `The picture is shown by ${names}${more}`, { uses: named });
};
