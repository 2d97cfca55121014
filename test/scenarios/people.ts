import { type Upload, uploadFile } from '../../scripts/client.ts';
import type { Herald } from './boot.ts';

type Addresses = { locale?: string; email?: string; phone?: string; pushToken?: string; timeZone?: string };
/** A person with a profile and consents to every channel, unless said otherwise. */
export const addPerson = async (
  { api, as, own }: Herald,
  name: string,
  addresses: Addresses & { attributes?: Record<string, unknown> },
  consents: Record<string, boolean> = { push: true, sms: true, email: true },
) => {
  const profileId = own(name);
  const { city } = addresses.attributes ?? {};
  const attributes = { ...addresses.attributes, ...(typeof city === 'string' && { city: own(city) }) };
  await api.must(`PUT /v1/profiles/${profileId}`, await as('marketer-mia', { ...addresses, attributes }));
  await api.must(`PUT /v1/profiles/${profileId}/consents`, await as('marketer-mia', { consents }));
};

/** Everything a promotional campaign to `city` needs; the rest of the options are its own fields. Returns the draft. */
export const draftCampaign = async (
  { api, as, own }: Herald,
  options: { city: string; policy?: unknown[]; sendAt?: string; name?: string; text?: string } & Record<
    string,
    unknown
  >,
) => {
  const { city, policy = ['push', 'sms', 'email'], name = 'Hello', text: said, ...rest } = options;
  const segment = { attribute: 'city', equals: own(city) };
  const { id: segmentId } = await api.must<{ id: string }>(
    'POST /v1/segments',
    await as('marketer-mia', { name: city, segment }),
  );
  const text = said ?? 'Hello {{ profile.attributes.firstName | default: "you" }}';
  const { id: templateId } = await api.must<{ id: string }>(
    'POST /v1/templates',
    await as('marketer-mia', {
      name,
      channels: {
        push: { title: 'Hello', body: text },
        sms: { text },
        email: { subject: 'Hello', html: `<p>${text}</p>` },
      },
    }),
  );
  return api.must<CampaignView>(
    'POST /v1/campaigns',
    await as('marketer-mia', {
      ...{ name, audience: { segmentId }, templateId, channelPolicy: policy, topic: 'news', ...rest },
    }),
  );
};

export type CampaignView = {
  id: string;
  version: number;
  state: string;
  reason?: string;
  approval?: { decision?: { outcome: string; by: string; comment: string } };
};

/** Submits, and waits until the approval is open. */
export const submit = async ({ api, as, cloud }: Herald, { id, version }: CampaignView, expirySeconds?: number) => {
  const body = { version, ...(expirySeconds && { expirySeconds }) };
  const submitted = await api.must<CampaignView>(`POST /v1/campaigns/${id}/submit`, await as('marketer-mia', body));
  await cloud.clock.idle();
  // Elsewhere nobody sees whether a state machine is at work: it says so itself.
  const isOpen = async () => {
    const path = `GET /v1/audit?subject=campaign/${id}`;
    const { items } = await api.must<{ items: { action: string; version: number }[] }>(path, await as('viewer-vera'));
    return items.some((entry) => entry.action === 'open' && entry.version > submitted.version);
  };
  if (!cloud.clock.virtual && !(await cloud.clock.advanceUntil(isOpen, 60_000)))
    throw new Error(`Campaign ${id} waits for no approval`);
  return submitted;
};

export const approve = async ({ api, as, cloud }: Herald, { id }: CampaignView) => {
  await api.must(`POST /v1/campaigns/${id}/approve`, await as('approver-ada', {}));
  await cloud.clock.idle();
};

export const stateOf = async ({ api, as }: Herald, { id }: CampaignView) =>
  (await api.must<CampaignView>(`GET /v1/campaigns/${id}`, await as('viewer-vera'))).state;

/** Imports a CSV text and waits for its end. */
export const importCsv = async (herald: Herald, csv: string | Uint8Array, mapping: Record<string, string>) => {
  const created = await herald.api.must<{ id: string; upload: Upload }>(
    'POST /v1/imports',
    await herald.as('marketer-mia', { name: 'People', mapping }),
  );
  await uploadFile(created.upload, csv);
  await herald.api.must(`POST /v1/imports/${created.id}/start`, await herald.as('marketer-mia', {}));
  type Import = { state: string; reason?: string; errorsUrl?: string; progress: { imported: number; refused: number } };
  const ended = ({ state }: Import) => state === 'finished' || state === 'failed';
  return herald.until<Import>(`GET /v1/imports/${created.id}`, 'marketer-mia', ended, 3_600_000);
};
