import type { Template } from '../../core/strategy/template.ts';
import { type Definitions, type Page, type Stored, VersionConflict } from './definitions.ts';

const kindOf = (templateId: string) => `template-version/${templateId}` as const;
/** Ids sort as their numbers do. */
const idOf = (version: number): string => String(version).padStart(10, '0');

/**
 * The versions of templates. The newest is the template itself; before it is replaced it is kept here, so that no save loses one,
 * wherever it stops. A version never changes, so keeping it again is harmless.
 */
export const templateVersions = (defs: Definitions) => ({
  async keep({ id, version, body, updatedMs }: Stored<Template>): Promise<void> {
    try {
      const { savedMs = updatedMs } = body;
      await defs.put<Template>(kindOf(id), idOf(version), { ...body, savedMs }, 0, updatedMs);
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
    }
  },

  /** `current` is the template as it is. */
  async get({ id, version: newest, body }: Stored<Template>, version: number): Promise<Template | undefined> {
    return version === newest ? body : (await defs.get<Template>(kindOf(id), idOf(version)))?.body;
  },

  /** Newest first, the template itself on the first page. */
  async list(
    { id, version, body, updatedMs }: Stored<Template>,
    limit: number,
    cursor?: string,
  ): Promise<Page<Template>> {
    const first: Stored<Template>[] =
      cursor === undefined ? [{ id: idOf(version), version, body, updatedMs, outbox: [] }] : [];
    const from = cursor ?? idOf(version);
    if (first.length === limit) return { items: first, ...(version > 1 && { cursor: from }) };
    const { items, ...next } = await defs.list<Template>(kindOf(id), limit - first.length, from);
    return { items: [...first, ...items], ...next };
  },
});
