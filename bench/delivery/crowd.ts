import { type Cloud, startCloud } from '../../local/cloud.ts';
import { assembly } from '../../scripts/assembly.ts';
import { type Upload, uploadFile } from '../../scripts/client.ts';
import { story } from '../../scripts/story.ts';

const HOUR_MS = 3_600_000;
/** Noon of a Wednesday: nothing is quiet, and no day ends meanwhile. */
const NOON = Date.UTC(2026, 10, 18, 12);

const anyPhone = (n: number) => `+1202${2_000_000 + n}`;

/**
 * So many people with an email and a phone who agree to everything, imported into a local cloud of their own on a virtual clock.
 * `phoneOf`: by number of the person; empty where there is none.
 */
export const openCrowd = async (size: number, phoneOf: (n: number) => string = anyPhone) => {
  const cloud: Cloud = await startCloud({ assembly: assembly('local'), clock: { virtualStartMs: NOON } });
  const tell = story(cloud);
  const { api, as, until } = tell;
  const mapping = {
    id: 'profileId',
    ...{ email: 'email', phone: 'phone', city: 'attributes.city', name: 'attributes.name' },
    ...{ email_ok: 'consent.email', sms_ok: 'consent.sms', whatsapp_ok: 'consent.whatsapp' },
  };
  const { id, upload } = await api.must<{ id: string; upload: Upload }>(
    'POST /v1/imports',
    await as('marketer-mia', { name: 'Crowd', mapping }),
  );
  const rows = Array.from(
    { length: size },
    (_, n) => `p${n},p${n}@example.com,${phoneOf(n)},Paris,Ada ${n},yes,yes,yes`,
  );
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

  /** A campaign to all of them, approved as soon as `before` has run. */
  const startCampaign = async (template: object, options: object, before: () => void = () => {}): Promise<string> => {
    const segment = await create('/v1/segments', { name: 'Paris', segment: { attribute: 'city', equals: 'Paris' } });
    const made = await create('/v1/templates', { name: 'Spring', channels: template });
    const campaign = { name: 'Spring', audience: { segmentId: segment.id }, templateId: made.id, topic: 'offers' };
    const { id: campaignId, version } = await create('/v1/campaigns', { ...campaign, ...options });
    await api.must(`POST /v1/campaigns/${campaignId}/submit`, await as('marketer-mia', { version }));
    await cloud.clock.idle();
    before();
    await tell.approve(campaignId);
    return campaignId;
  };
  return { ...tell, cloud, create, startCampaign, stop: () => cloud.stop() };
};
export type Crowd = Awaited<ReturnType<typeof openCrowd>>;
