import { onTestFinished } from 'vitest';
import type { Herald } from './boot.ts';

/** Longer than any function keeps what it has read. */
const KNOWN_EVERYWHERE_MS = 60_000;

/** Settings of all sends (`delivery`), links and so on, in force when this returns; when the test ends they are what they were. */
export const putSettings = async ({ api, as, cloud }: Herald, kind: string, settings: object): Promise<void> => {
  const route = `/v1/settings/${kind}`;
  const { version: _, ...before } = await api.must<{ version: number }>(`GET ${route}`, await as('viewer-vera'));
  const put = async (next: object) => {
    const { version } = await api.must<{ version: number }>(`GET ${route}`, await as('viewer-vera'));
    await api.must(`PUT ${route}`, await as('operator-oscar', { ...next, version }));
    await cloud.clock.advance(KNOWN_EVERYWHERE_MS);
  };
  onTestFinished(() => put(before));
  await put(settings);
};

/** When the test ends no trigger and no live segment is in force: neither acts in tests that share the cloud. */
export const quietAtEnd = ({ api, as, cloud }: Herald): void =>
  onTestFinished(async () => {
    const idsAt = async (path: string) =>
      (await api.must<{ items: { id: string }[] }>(`GET ${path}`, await as('viewer-vera'))).items.map(({ id }) => id);
    // Those that are not in force answer 409 or 404.
    for (const id of await idsAt('/v1/triggers'))
      await api.call(`POST /v1/triggers/${id}/pause`, await as('operator-oscar', {}));
    for (const id of await idsAt('/v1/segments'))
      await api.call(`DELETE /v1/segments/${id}/live`, await as('marketer-mia'));
    await cloud.clock.advance(KNOWN_EVERYWHERE_MS);
  });
