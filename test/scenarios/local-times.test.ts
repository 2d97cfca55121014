import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal, type LocalHerald, localTest } from './boot.ts';
import { addPerson, approve, draftCampaign, submit } from './people.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const until = (herald: LocalHerald, atMs: number) => herald.cloud.clock.advance(atMs - herald.cloud.clock.now());

const ZONES = { york: 'America/New_York', paris: 'Europe/Paris', howe: 'Australia/Lord_Howe' };

/** What an older release has let into the lake, or a zone that the world has dropped since: no API takes it. */
const plantZone = async ({ cloud }: LocalHerald, profileId: string, time_zone: string) => {
  const stream = cloud.resources.find(
    ({ type, logicalId }) => type === 'AWS::KinesisFirehose::DeliveryStream' && /profiles/i.test(logicalId),
  );
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const firehose = new FirehoseClient({ endpoint: cloud.url, region: 'us-east-1', credentials });
  const row = {
    ...{ profile_id: profileId, version: 99, updated_ms: cloud.clock.now(), email: `${profileId}@example.com` },
    ...{ phone: '', push_token: '', wechat_open_id: '', time_zone, locale: '', attributes: '{"city":"All"}' },
  };
  await firehose.send(
    new PutRecordBatchCommand({
      DeliveryStreamName: stream?.ref,
      Records: [{ Data: Buffer.from(`${JSON.stringify(row)}\n`) }],
    }),
  );
  firehose.destroy();
};

const withPeople = async (startMs: number): Promise<LocalHerald> => {
  const herald = await bootLocal({ months: true, startMs });
  await herald.api.must(
    'PUT /v1/settings/delivery',
    await herald.as('operator-oscar', {
      ...{ version: 0, frequencyCap: { touches: 10, hours: 168 }, fallbackTimeZone: 'Asia/Kolkata' },
    }),
  );
  const people: Record<string, string | undefined> = { ...ZONES, nowhere: undefined, atlantis: undefined };
  for (const [name, timeZone] of Object.entries(people)) {
    const where = { ...(timeZone && { timeZone }), attributes: { city: 'All' } };
    await addPerson(herald, name, { email: `${name}@example.com`, ...where });
  }
  await plantZone(herald, 'atlantis', 'Atlantis/Port');
  await herald.cloud.clock.advance(120_000);
  return herald;
};
const start = async (herald: LocalHerald, options: object) => {
  const draft = await draftCampaign(herald, { city: 'All', policy: ['email'], ...options });
  await submit(herald, draft);
  await approve(herald, draft);
  return draft;
};
/** When each got it since then, in UTC; everybody at most once. */
const got = async ({ cloud }: LocalHerald, sinceMs: number): Promise<Record<string, string>> => {
  const messages = (await cloud.inbox.list({ limit: -1 })).filter(({ atMs }) => atMs >= sinceMs);
  const times = messages.map(({ to, atMs }) => [
    to.replace('@example.com', ''),
    new Date(Math.floor(atMs / 300_000) * 300_000).toISOString().slice(0, 16),
  ]);
  expect(new Set(times.map(([to]) => to)).size).toBe(times.length);
  return Object.fromEntries(times);
};
const report = async (herald: LocalHerald, { id }: { id: string }) =>
  herald.api.must<CampaignReport>(`GET /v1/campaigns/${id}/report`, await herald.as('viewer-vera'));

/**
 * 02:30 by everybody's clock on the days on which the clocks of three zones change. In the zone that changes it is 03:30 of the new clock when
 * 02:30 is left out, and the first 02:30 when it comes twice; Lord Howe changes by half an hour at 02:00, so there 02:30 is there once.
 * Without a zone, and with one that does not exist, people have the clock of the settings: 02:30 in Kolkata is 21:00 the day before.
 */
const NIGHTS: [string, Record<keyof typeof ZONES, string>][] = [
  ['2026-10-04', { york: '2026-10-04T06:30', paris: '2026-10-04T00:30', howe: '2026-10-03T15:30' }],
  ['2026-10-25', { york: '2026-10-25T06:30', paris: '2026-10-25T00:30', howe: '2026-10-24T15:30' }],
  ['2026-11-01', { york: '2026-11-01T07:30', paris: '2026-11-01T01:30', howe: '2026-10-31T15:30' }],
  ['2027-03-14', { york: '2027-03-14T07:30', paris: '2027-03-14T01:30', howe: '2027-03-13T15:30' }],
  ['2027-03-28', { york: '2027-03-28T06:30', paris: '2027-03-28T01:30', howe: '2027-03-27T15:30' }],
  ['2027-04-04', { york: '2027-04-04T06:30', paris: '2027-04-04T00:30', howe: '2027-04-03T16:00' }],
];

localTest(
  'months of virtual time',
  '02:30 where each of them is, on the days on which clocks change: each once, whatever the clock does',
  async () => {
    const herald = await withPeople(Date.UTC(2026, 9, 1));
    await expect(
      addPerson(herald, 'eve', { email: 'eve@example.com', timeZone: 'Atlantis/Port', attributes: { city: 'All' } }),
    ).rejects.toThrow('timeZone');
    for (const [on, zones] of NIGHTS) {
      const midnight = Date.parse(`${on}T00:00Z`);
      await until(herald, midnight - 2 * DAY);
      const draft = await start(herald, { name: on, sendTime: { local: '02:30', on }, ifLate: { do: 'skip' } });
      await until(herald, midnight + DAY);
      const fallback = new Date(midnight - 3 * HOUR).toISOString().slice(0, 16);
      expect(await got(herald, midnight - 2 * DAY), on).toEqual({ ...zones, nowhere: fallback, atlantis: fallback });
      expect(await report(herald, draft)).toMatchObject({ recipients: 5, sent: 5, skipped: {} });
    }
  },
);

localTest(
  'days of virtual time',
  'approved when it is late for some: who is late gets what the campaign says',
  async () => {
    // 12:00 in Paris on that day, when New York has 06:00, and Lord Howe and Kolkata the evening.
    const herald = await withPeople(Date.UTC(2026, 11, 24, 11) - 120_000);
    const since = herald.cloud.clock.now();
    const send = { local: '09:00', on: '2026-12-24' };
    const skipped = await start(herald, { name: 'Skip', sendTime: send, ifLate: { do: 'skip' } });
    await until(herald, since + 20 * HOUR);
    expect(await got(herald, since)).toEqual({ york: '2026-12-24T14:00' });
    expect(await report(herald, skipped)).toMatchObject({ recipients: 5, sent: 1, skipped: { 'too-late': 4 } });
  },
);
