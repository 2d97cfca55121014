import { type Cloud, startCloud } from '../../local/cloud.ts';
import { assembly } from '../../scripts/assembly.ts';
import { type Upload, uploadFile } from '../../scripts/client.ts';
import { story } from '../../scripts/story.ts';

const HOUR_MS = 3_600_000;
/** Noon of a Wednesday: nothing is quiet, and no day ends meanwhile. */
const NOON = Date.UTC(2026, 10, 18, 12);

/** So many people with an email and a phone who agree to both, imported into a local cloud of their own on a virtual clock. */
export const openCrowd = async (size: number) => {
  const cloud: Cloud = await startCloud({ assembly: assembly('local'), clock: { virtualStartMs: NOON } });
  const tell = story(cloud);
  const { api, as, until } = tell;
  const mapping = {
    id: 'profileId',
    ...{ email: 'email', phone: 'phone', city: 'attributes.city', name: 'attributes.name' },
    ...{ email_ok: 'consent.email', sms_ok: 'consent.sms' },
  };
  const { id, upload } = await api.must<{ id: string; upload: Upload }>(
    'POST /v1/imports',
    await as('marketer-mia', { name: 'Crowd', mapping }),
  );
  const phone = (n: number) => `+1202${String(2_000_000 + n)}`;
  const rows = Array.from({ length: size }, (_, n) => `p${n},p${n}@example.com,${phone(n)},Paris,Ada ${n},yes,yes`);
  await uploadFile(upload, `${Object.keys(mapping).join(',')}\n${rows.join('\n')}\n`);
  await api.must(`POST /v1/imports/${id}/start`, await as('marketer-mia', {}));
  type Import = { state: string; progress: { imported: number } };
  const ended = ({ state }: Import) => state === 'finished' || state === 'failed';
  const { progress } = await until<Import>(`GET /v1/imports/${id}`, 'marketer-mia', ended, 24 * HOUR_MS);
  if (progress.imported !== size) throw new Error(`${progress.imported} of ${size} people were imported`);
  await cloud.clock.idle();
  cloud.flushLake();

  const create = async (route: string, body: object) =>
    api.must<{ id: string; version: number }>(`POST ${route}`, await as('marketer-mia', body));
  return { ...tell, cloud, create, stop: () => cloud.stop() };
};
export type Crowd = Awaited<ReturnType<typeof openCrowd>>;
