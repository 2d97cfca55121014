import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import type { LocalHerald } from './boot.ts';
import { addPerson, approve, draftCampaign, importCsv, submit } from './people.ts';

const MINUTE = 60_000;

/**
 * What the message of a provider was, and to whom, is on the person's own phone: of the local cloud's tables the inbox alone
 * is not Herald's.
 */
const NOT_OURS = ['inbox', 'sqlite_sequence'];

/**
 * Where a text is found: `table <name>` of DynamoDB, `object <key>` of a bucket (unzipped), `service <table>` of what the
 * services of the local cloud keep (queues, streams, executions with their histories, queries with their results,
 * schedules), or `logs`. `persist` is the folder of the cloud.
 */
export const placesOf = async (
  { cloud }: LocalHerald,
  persist: string,
  texts: readonly string[],
): Promise<string[]> => {
  const found: string[] = [];
  const note = (place: string, content: string) => {
    for (const text of texts) if (content.includes(text)) found.push(`${place}: ${text}`);
  };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint: cloud.url, region: 'us-east-1', credentials });
  for (const { type, logicalId, ref } of cloud.resources) {
    if (type === 'AWS::DynamoDB::Table') {
      for await (const { Items = [] } of paginateScan({ client }, { TableName: ref }))
        note(`table ${nameOf(logicalId)}`, JSON.stringify(Items));
    }
    if (type === 'AWS::S3::Bucket') {
      for (const key of cloud.services.s3.keys(ref, '')) {
        const bytes = cloud.services.s3.get(ref, key) ?? Buffer.alloc(0);
        note(`object ${key}`, key + (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
      }
    }
  }
  client.destroy();
  const store = new DatabaseSync(join(persist, 'state.db'), { readOnly: true });
  const tables = store.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
  for (const { name } of tables.filter((table) => !NOT_OURS.includes(table.name))) {
    // Results of queries are objects on AWS, which expire: docs/personal-data.md says so.
    const columns = name === 'athena_queries' ? 'id, execution' : '*';
    for (const row of store.prepare(`SELECT ${columns} FROM ${name}`).all()) {
      const cells = Object.values(row).map((cell) =>
        cell instanceof Uint8Array ? Buffer.from(cell).toString() : cell,
      );
      note(`service ${name}`, cells.join(' '));
    }
  }
  store.close();
  note('logs', cloud.logs('').join('\n'));
  return [...new Set(found)].sort();
};

/** `ProfilesTable0A1B2C3D` → `Profiles` */
const nameOf = (logicalId: string): string => logicalId.replace(/Table[0-9A-F]{8}$/, '');

/** A person who leaves traces wherever one can. All texts are unlike any other, so that they can be looked for. */
export const ADA = {
  id: 'ada-7f3a91',
  device: 'laptop-of-ada-55',
  tablet: 'tablet-of-ada-77',
  email: 'ada.7f3a91@example.com',
  phone: '+12025550142',
  pushToken: 'token-7f3a91-of-ada',
  nickname: 'Zanzibarine',
  /** A word that nobody else sends, in an event. */
  mood: 'quixotissime',
  refusedPhone: '0142-of-ada',
};
export const ADA_TEXTS = Object.values(ADA);
/** The other one, of whom nothing may change. */
export const BOB = { id: 'bob-20c4', email: 'bob@example.com', phone: '+12025550143', pushToken: 'token-of-bob' };

const template = async ({ api, as }: LocalHerald, name: string) =>
  (
    await api.must<{ id: string }>(
      'POST /v1/templates',
      await as('marketer-mia', {
        name,
        channels: { sms: { text: 'Hello {{ profile.attributes.nickname | default: "you" }}' } },
      }),
    )
  ).id;

const trigger = async (herald: LocalHerald, eventType: string, window?: object) => {
  const { api, as } = herald;
  const { id, version } = await api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await as('marketer-mia', {
      ...{ name: `On ${eventType}`, eventType, templateId: await template(herald, eventType) },
      ...{ channelPolicy: ['sms'], topic: 'orders', lane: 'transactional', ...(window && { window }) },
    }),
  );
  await api.must(`POST /v1/triggers/${id}/activate`, await as('approver-ada', { version }));
};

/** Has Ada and Bob do everything that leaves something somewhere. Gives what tests need later. */
export const liveEverywhere = async (herald: LocalHerald) => {
  const { api, as, cloud } = herald;
  const csv = [
    'id,mail,tel,token,nick,city,ok',
    `${ADA.id},${ADA.email},${ADA.phone},${ADA.pushToken},${ADA.nickname},Paris,yes`,
    `${BOB.id},${BOB.email},${BOB.phone},${BOB.pushToken},Robert,Paris,yes`,
    `${ADA.id},${ADA.email},${ADA.refusedPhone},,,Paris,yes`,
  ].join('\n');
  const mapping = { id: 'profileId', mail: 'email', tel: 'phone', token: 'pushToken', nick: 'attributes.nickname' };
  await importCsv(herald, csv, { ...mapping, city: 'attributes.city', ok: 'consent.sms' });
  await addPerson(herald, 'cem', { phone: '+12025550144', attributes: { city: 'Paris' } });
  for (const { id } of [ADA, BOB]) {
    await api.must(
      `PUT /v1/profiles/${id}/consents`,
      await as('marketer-mia', { consents: { sms: true, push: true } }),
    );
  }
  const list = await api.must<{ id: string }>('POST /v1/lists', await as('marketer-mia', { name: 'Friends' }));
  const profileIds = [ADA.id, BOB.id, `${ADA.id} with a typo`];
  const added = await as('marketer-mia', { profileIds });
  await api.must(`POST /v1/lists/${list.id}/members`, added);
  const upload = await api.must<{ id: string; uploadUrl: string }>(
    `POST /v1/lists/${list.id}/uploads`,
    await as('marketer-mia', { action: 'add' }),
  );
  await fetch(upload.uploadUrl, { method: 'PUT', body: `${ADA.id}\n${BOB.id}\n` });
  await api.must(`POST /v1/list-changes/${upload.id}/start`, await as('marketer-mia', {}));
  await cloud.clock.idle();
  await trigger(herald, 'order.placed');
  await trigger(herald, 'cart.filled', { without: { eventType: 'order.paid' }, within: { days: 2 } });
  await trigger(herald, 'page.viewed', { count: true, within: { days: 7 }, reaches: 3 });
  await cloud.clock.advance(10_000);

  const apiKey = await herald.connectSource('Shop');
  let sent = 0;
  const tell = async (type: string, who: { profileId?: string; anonymousId?: string }, properties: object = {}) => {
    sent += 1;
    await api.must('POST /v1/events', { apiKey, body: { events: [{ id: `e${sent}`, type, ...who, properties }] } });
    await cloud.clock.idle();
  };
  await tell('page.viewed', { anonymousId: ADA.device }, { mood: ADA.mood });
  await tell('page.viewed', { profileId: ADA.id, anonymousId: ADA.device }, { nickname: ADA.nickname });
  await api.must(`POST /v1/profiles/${ADA.id}/aliases`, await as('marketer-mia', { alias: ADA.tablet }));
  for (const { id } of [ADA, BOB]) {
    await tell('page.viewed', { profileId: id }, { mood: 'fine' });
    await tell('cart.filled', { profileId: id });
    await tell('order.placed', { profileId: id }, { amount: 20 });
    const detail = { id: `bus-${id}`, type: 'visit', profileId: id };
    await cloud.putOnBus({ source: 'kiosk', detailType: 'Herald Event', detail });
    await cloud.clock.idle();
  }
  await cloud.clock.advance(2 * MINUTE);

  const campaign = await draftCampaign(herald, { city: 'Paris', policy: ['push', 'sms', 'email'] });
  await submit(herald, campaign);
  await approve(herald, campaign);
  await herald.finished(campaign.id);
  const segment = { attribute: 'city', equals: 'Paris' };
  const named = await api.must<{ id: string }>(
    'POST /v1/segments',
    await as('marketer-mia', { name: 'Paris', segment }),
  );
  const attributes = ['nickname'];
  const snapshot = await api.must<{ id: string }>(
    'POST /v1/snapshots',
    await as('marketer-mia', { audience: { segmentId: named.id }, attributes }),
  );
  await cloud.clock.idle();
  await api.must(`GET /v1/snapshots/${snapshot.id}`, await as('marketer-mia'));
  await api.must('POST /v1/segments/preview', await as('marketer-mia', { segment }));
  const templateId = await template(herald, 'Preview');
  await api.must(`POST /v1/templates/${templateId}/preview`, await as('marketer-mia', { profileId: ADA.id }));
  await cloud.clock.advance(2 * MINUTE);
  return { tell, campaignId: campaign.id, listId: list.id };
};

type Export = { id: string; state: string; downloadUrl: string; records: number };
/** The document of a person's export, line by line. */
export const exportOf = async ({ api, as, until }: LocalHerald, profileId: string) => {
  const { id } = await api.must<Export>(`POST /v1/profiles/${profileId}/export`, await as('admin-amir', {}));
  const ended = ({ state }: Export) => state !== 'running';
  const done = await until<Export>(`GET /v1/exports/${id}`, 'admin-amir', ended, 60 * MINUTE);
  const text = await (await fetch(done.downloadUrl)).text();
  const [header, ...lines] = text.trimEnd().split('\n');
  return { ...done, header: JSON.parse(header ?? ''), lines };
};

export type ErasureView = { id: string; state: string; passes: number; finishedMs?: number };
export const erase = async ({ api, as }: LocalHerald, profileId: string) =>
  api.must<ErasureView>(`POST /v1/profiles/${profileId}/erase`, await as('admin-amir', { reason: 'person-asked' }));

/** Has passes made until the erasure is finished; gives how many it took. */
export const finishErasure = async ({ api, as, cloud }: LocalHerald, { id }: ErasureView): Promise<number> => {
  await cloud.clock.advance(25 * MINUTE);
  for (let pass = 1; pass <= 4; pass += 1) {
    await api.must('POST /v1/erasures/run', await as('admin-amir', {}));
    await cloud.clock.idle();
    const { state } = await api.must<ErasureView>(`GET /v1/erasures/${id}`, await as('admin-amir'));
    if (state === 'finished') return pass;
  }
  throw new Error('Four passes did not finish the erasure');
};
