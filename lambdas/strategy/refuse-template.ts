import { renderer } from '../../core/strategy/render.ts';
import { localeSlips } from '../../core/strategy/template/locales.ts';
import { mapTexts } from '../../core/strategy/template/map-texts.ts';
import { type Material, picturesIn } from '../../core/strategy/template/material.ts';
import { type NamedTable, tablesOf } from '../../core/strategy/template/tables-of.ts';
import type { CompiledTemplate, TemplateContent } from '../../core/strategy/template.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { Problem } from '../middleware/problem.ts';

/** An item of DynamoDB holds 400 KB; a plan version holds the template and the segment. */
const MAX_BYTES = 300_000;

/** Throws 413 for what is more than may be stored. */
export const refuseSize = (template: object): void => {
  const bytes = Buffer.byteLength(JSON.stringify(template));
  if (bytes > MAX_BYTES)
    throw new Problem('body-too-large', `The template has ${bytes} bytes; ${MAX_BYTES} may be stored`);
};

/** Each is 200 bytes of the snapshot's query, of which Athena takes 262,144; a segment may need 190,000. */
const MAX_ATTRIBUTES = 200;

/** Throws 422 (or 413) with the field and line of everything that makes the template unfit to be saved. */
export const refuseTemplate = async (defs: Definitions, template: CompiledTemplate): Promise<void> => {
  refuseSize(template);
  if (Object.keys(template.channels).length === 0) {
    const message = 'Write content for at least one channel';
    throw new Problem('invalid-template', message, { errors: [{ path: 'channels', message }] });
  }
  const slips = localeSlips(template);
  if (slips[0]) throw new Problem('invalid-template', slips[0].message, { errors: slips });
  await refuseEndpoints(defs, template);
  await refuseDeletedPictures(defs, template);
  const liquidjs = await import('liquidjs');
  const { errorsIn, attributesOf } = renderer(liquidjs);
  const found = errorsIn(template);
  const [first] = found;
  if (!first) {
    await refuseTables(defs, tablesOf(liquidjs, template));
    const { length } = attributesOf(template);
    if (length <= MAX_ATTRIBUTES) return;
    const message = `It uses ${length} attributes of the profile; ${MAX_ATTRIBUTES} fit into a snapshot`;
    throw new Problem('invalid-template', message, { errors: [{ path: 'channels', message }] });
  }
  const errors = found.map(({ field, line, message }) => ({ path: field, message, line }));
  const type = found.some(({ tooCostly }) => tooCostly) ? 'template-too-costly' : 'invalid-template';
  throw new Problem(type, `${first.field}, line ${first.line}: ${first.message}`, { errors });
};

/** Throws 422 when a look-up names a reference table that does not exist, or none. */
const refuseTables = async (defs: Definitions, named: readonly NamedTable[]): Promise<void> => {
  const ids = [...new Set(named.flatMap(({ table }) => table ?? []))];
  const found = await Promise.all(ids.map(async (id) => ((await defs.get('reference-table', id)) ? [id] : [])));
  const existing = new Set(found.flat());
  const errors = named.flatMap(({ field, line, table }) => {
    if (table !== undefined && existing.has(table)) return [];
    const message =
      table === undefined ? 'Name the table: catalogue: "products"' : `There is no reference table ${table}`;
    return [{ path: field, line, message }];
  });
  if (errors[0]) throw new Problem('invalid-reference', errors[0].message, { errors });
};

/** Throws 422 when it shows a picture that was deleted: an older version does, maybe, that is to be restored. */
const refuseDeletedPictures = async (defs: Definitions, { channels, locales }: CompiledTemplate): Promise<void> => {
  const shown: { id: string; path: string }[] = [];
  mapTexts({ channels, locales }, (text, path) => {
    for (const id of picturesIn(text)) shown.push({ id, path: path.join('.') });
    return text;
  });
  const all = await Promise.all(
    [...Map.groupBy(shown, ({ id }) => id)].map(async ([id, places]) => {
      const material = (await defs.get<Material>('material', id))?.body;
      if (material?.deletedMs === undefined) return [];
      const message = `The picture “${material.name}” was deleted on ${new Date(material.deletedMs).toISOString().slice(0, 10)}: upload it again, and write its new address here`;
      // What was written, not what it was compiled to.
      const isCompiled = ({ path }: { path: string }) => {
        const from = ['mjml', 'blocks'].map((kind) => path.replace(/html$/, kind));
        return path.endsWith('.html') && places.some((one) => from.some((its) => one.path.startsWith(its)));
      };
      return places.filter((one) => !isCompiled(one)).map(({ path }) => ({ path, message }));
    }),
  );
  const errors = all.flat();
  if (errors[0]) throw new Problem('invalid-reference', errors[0].message, { errors });
};

/** Throws 422 when a webhook's content names an endpoint that does not exist. */
const refuseEndpoints = async (defs: Definitions, { channels, locales = {} }: TemplateContent): Promise<void> => {
  const places = [{ at: 'channels', own: channels }].concat(
    Object.entries(locales).map(([tag, own]) => ({ at: `locales.${tag}`, own })),
  );
  const errors = await Promise.all(
    places.map(async ({ at, own: { webhook } }) =>
      webhook && !(await defs.get('webhook-endpoint', webhook.endpointId))
        ? [{ path: `${at}.webhook.endpointId`, message: `There is no webhook endpoint ${webhook.endpointId}` }]
        : [],
    ),
  ).then((all) => all.flat());
  if (errors[0]) throw new Problem('invalid-reference', errors[0].message, { errors });
};
