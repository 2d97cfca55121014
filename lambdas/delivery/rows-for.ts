import type { Channel } from '../../core/delivery/channel.ts';
import type { Renderer } from '../../core/strategy/render.ts';
import { type Lookup, readCatalogue } from '../../core/strategy/template/catalogue.ts';
import type { TemplateContent } from '../../core/strategy/template.ts';
import type { TemplateVariables } from '../../core/strategy/template-variables.ts';
import { type References, references } from '../adapters/references.ts';

let known: References | undefined;

/** The rows of reference tables that these messages ask for, a minute old at the most, each read once for all of them. */
export const rowsFor = (
  definitionsTable: string,
  { rowsAskedBy }: Pick<Renderer, 'rowsAskedBy'>,
  template: TemplateContent,
  messages: readonly { channel: Channel; variables: TemplateVariables }[],
): Promise<Lookup> => {
  known ??= references(definitionsTable);
  const tables = known;
  return readCatalogue(
    messages.map(
      ({ channel, variables }) =>
        (lookup) =>
          rowsAskedBy(template, channel, variables, lookup),
    ),
    (id, keys) => tables.getMany(id, keys),
  );
};
