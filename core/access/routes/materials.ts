import * as z from 'zod/mini';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'delivery/manage-materials';

const material = z
  .object({
    ...{ id: z.string(), name: z.string(), url: z.string(), type: z.string() },
    ...{ width: z.int(), height: z.int(), bytes: z.int(), savedBy: z.string(), savedMs: z.int() },
  })
  .register(z.globalRegistry, { id: 'Material' });

/** Pictures that templates show. */
export const routes = [
  {
    operationId: 'createMaterial',
    method: 'POST',
    path: '/v1/materials',
    summary: 'Upload a picture',
    description:
      'A PNG, JPEG, GIF or WebP of at most 1 MB, in base64; its bytes say which, not its name. `url` is the address that templates show it by: everybody can read it, and what is there never changes.',
    handler,
    roles: WRITERS,
    body: z.strictObject({
      name: z.string().check(z.minLength(1), z.maxLength(100)),
      content: z.string().check(z.maxLength(1_400_000), z.regex(/^[A-Za-z0-9+/]+={0,2}$/, 'Base64')),
    }),
    example: { name: 'Dot', content: 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7' },
    create: true,
    success: { status: 201, schema: material, description: 'The picture' },
    errors: ['body-too-large'],
  },
  {
    operationId: 'listMaterials',
    method: 'GET',
    path: '/v1/materials',
    summary: 'List pictures, newest first',
    description: 'A page may have fewer than `limit`, even none, and a `cursor` all the same.',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(material), description: 'A page of pictures' },
    errors: [],
  },
  {
    operationId: 'getMaterial',
    method: 'GET',
    path: '/v1/materials/{materialId}',
    summary: 'Read what is known of a picture',
    handler,
    roles: READERS,
    success: { status: 200, schema: material, description: 'The picture' },
    errors: ['not-found'],
  },
  {
    operationId: 'deleteMaterial',
    method: 'DELETE',
    path: '/v1/materials/{materialId}',
    summary: 'Delete a picture',
    description:
      'Refused while a template shows it, or a campaign, trigger or journey still sends it; `uses` names up to ten. Messages that were sent, and older versions of templates, show a gap from then on.',
    handler,
    roles: WRITERS,
    success: { status: 204, description: 'It is gone' },
    errors: ['not-found', 'in-use'],
  },
] as const satisfies readonly Route[];
