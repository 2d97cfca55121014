import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { apiKeyOf, secretHashOf } from '../../../core/access/source.ts';
import { deviceIdOf } from '../../../core/audience/device.ts';
import { type DevicePorts, registerDevice } from '../../../lambdas/audience/change-devices.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';
import { call } from '../api-call.ts';

const services = memoryServices();
const SECRET = 'a-secret-of-enough-letters';
let stop: () => Promise<void>;
let handler: ApiLambda;
let settleTokens: typeof import('../../../lambdas/delivery/settle-tokens.ts')['settleTokens'];
let ports: DevicePorts;

beforeAll(async () => {
  stop = await startAws(
    {
      definitions: ['kind', 'id'],
      profiles: ['profileId'],
      devices: ['deviceId'],
      audit: ['subject', 'entry'],
    },
    services.answer,
  );
  Object.assign(process.env, {
    DEFINITIONS_TABLE: 'definitions',
    PROFILES_TABLE: 'profiles',
    DEVICES_TABLE: 'devices',
    PROFILES_STREAM: 'profiles',
    AUDIT_TABLE: 'audit',
    INTAKE_QUEUE_URL: queueUrl('intake'),
  });
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const source = { id: 'app', name: 'App', secretHash: secretHashOf(SECRET), eventsPerSecond: 10 };
  await definitions('definitions').put('source', 'app', source, 0, 1);
  handler = (await import('../../../lambdas/audience/manage-devices.ts')).handler;
  settleTokens = (await import('../../../lambdas/delivery/settle-tokens.ts')).settleTokens;
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  const { devices } = await import('../../../lambdas/adapters/devices.ts');
  ports = {
    profiles: profiles('profiles'),
    devices: devices('devices'),
    sinks: { auditTable: 'audit', profilesStream: 'profiles', intakeQueueUrl: queueUrl('intake') },
  };
});
afterAll(() => stop());
beforeEach(() => services.streams.clear());

const ask = (route: string, rest: { params?: Record<string, string>; body?: unknown }, key = apiKeyOf('app', SECRET)) =>
  call(handler, { route, headers: { 'x-api-key': key }, ...rest });
const register = async (profileId: string, token: string, more: object = {}) => {
  const { status, body } = await ask('POST /v1/devices', { body: { profileId, token, ...more } });
  expect([status, body]).toMatchObject([200, { profileId }]);
  return (body as { deviceId: string }).deviceId;
};
const remove = (deviceId: string) => ask('DELETE /v1/devices/{deviceId}', { params: { deviceId } });
const tokensOf = async (profileId: string) => (await ports.profiles.get(profileId))?.profile.pushToken;
const owner = (token: string) => ports.devices.ownerOf(deviceIdOf(token));
const environment = () => ({
  PROFILES_TABLE: 'profiles',
  DEVICES_TABLE: 'devices',
  PROFILES_STREAM: 'profiles',
});

test('a device is registered for somebody new, and registering it again changes nothing', async () => {
  const id = await register('ann', 'ann-1');
  const { version } = (await ports.profiles.get('ann'))!.profile;
  expect(await register('ann', 'ann-1')).toBe(id);
  expect((await ports.profiles.get('ann'))!.profile.version).toBe(version);
  expect(await tokensOf('ann')).toBe('fcm ann-1');
  expect(services.streams.get('profiles')).toMatchObject([{ profile_id: 'ann', push_token: 'fcm ann-1' }]);
});

test('several devices, of any platform; a new token replaces the one before', async () => {
  await register('bob', 'a1'.repeat(32));
  await register('bob', 'bob-2', { platform: 'adm' });
  await register('bob', 'bob-3', { platform: 'adm', replaces: 'bob-2' });
  expect(await tokensOf('bob')).toBe(`adm bob-3\napns ${'a1'.repeat(32)}`);
  expect([await owner('bob-2'), await owner('bob-3')]).toEqual([undefined, 'bob']);
});

test('whoever signs in takes the device over; nobody else has it any more', async () => {
  await register('cy', 'shared');
  await register('cy', 'cy-own');
  await register('di', 'shared');
  expect([await tokensOf('cy'), await tokensOf('di')]).toEqual(['fcm cy-own', 'fcm shared']);
  expect(await owner('shared')).toBe('di');
});

test('two who take it over at once: one has it', async () => {
  await register('eve', 'contended');
  const at = { actor: 'app', nowMs: Date.now() };
  const device = { platform: 'fcm' as const, token: 'contended' };
  await Promise.allSettled([
    registerDevice(ports, 'fay', device, undefined, at),
    registerDevice(ports, 'gil', device, undefined, at),
  ]);
  const has = await Promise.all(['eve', 'fay', 'gil'].map(async (id) => (await tokensOf(id)) === 'fcm contended'));
  expect(has.filter(Boolean)).toHaveLength(1);
  expect(has[['eve', 'fay', 'gil'].indexOf((await owner('contended')) as string)]).toBe(true);
});

test('somebody who claims it in between has it', async () => {
  const device = { platform: 'fcm' as const, token: 'overtaken' };
  const at = { actor: 'app', nowMs: Date.now() };
  const overtaken: DevicePorts = {
    ...ports,
    devices: {
      ...ports.devices,
      claim: async (...args) => {
        const claimed = await ports.devices.claim(...args);
        if (args[1] === 'hal') await registerDevice(ports, 'ida', device, undefined, at);
        return claimed;
      },
    },
  };
  await registerDevice(overtaken, 'hal', device, undefined, at);
  expect([await tokensOf('hal'), await tokensOf('ida')]).toEqual([undefined, 'fcm overtaken']);
});

test('a device is removed, as often as anybody asks', async () => {
  const id = await register('jo', 'jo-1');
  await register('jo', 'jo-2');
  expect([(await remove(id)).status, (await remove(id)).status]).toEqual([204, 204]);
  expect((await remove('nonsense')).status).toBe(404);
  expect([await tokensOf('jo'), await owner('jo-1')]).toEqual(['fcm jo-2', undefined]);
});

describe('what providers say', () => {
  test('a dead token goes, a token that has become another one is that one, everybody else keeps theirs', async () => {
    await register('kay', 'dead');
    await register('kay', 'alive');
    await register('lea', 'old');
    const news = [
      { profileId: 'kay', token: 'dead' },
      { profileId: 'lea', token: 'old', becomes: 'new' },
      { profileId: 'nobody', token: 'dead' },
    ];
    await settleTokens(environment(), news);
    await settleTokens(environment(), news);
    expect([await tokensOf('kay'), await tokensOf('lea')]).toEqual(['fcm alive', 'fcm new']);
    expect([await owner('dead'), await owner('old'), await owner('new')]).toEqual([undefined, undefined, 'lea']);
    expect(await ports.profiles.get('nobody')).toBeUndefined();
  });

  test('what a crash kept from the lake is told with the next push', async () => {
    await register('oli', 'oli-dead');
    services.refuse.add('Firehose_20150804.PutRecordBatch');
    const news = [{ profileId: 'oli', token: 'oli-dead' }];
    await expect(settleTokens(environment(), news)).rejects.toThrow();
    expect(await tokensOf('oli')).toBeUndefined();
    services.streams.clear();
    await settleTokens(environment(), news);
    expect(services.streams.get('profiles')).toMatchObject([{ profile_id: 'oli', push_token: '' }]);
  });

  test('what a token has become stays with whoever has registered it', async () => {
    await register('meg', 'hers-before');
    await register('nat', 'his-now');
    await settleTokens(environment(), [{ profileId: 'meg', token: 'hers-before', becomes: 'his-now' }]);
    expect([await tokensOf('meg'), await tokensOf('nat')]).toEqual([undefined, 'fcm his-now']);
  });

  test.each<
    [
      string,
      (profiles: DevicePorts['profiles'], meanwhile: () => Promise<void>) => Pick<DevicePorts, 'profiles' | 'devices'>,
    ]
  >([
    [
      'before it is claimed',
      (profiles, meanwhile) => ({
        profiles,
        devices: {
          ...ports.devices,
          async claim(...asked) {
            await meanwhile();
            return ports.devices.claim(...asked);
          },
        },
      }),
    ],
    [
      'before it is in the profile',
      (profiles, meanwhile) => ({
        profiles: {
          ...profiles,
          async save(stored) {
            await meanwhile();
            return profiles.save(stored);
          },
        },
        devices: ports.devices,
      }),
    ],
  ])('what a token has become stays with whoever registers it %s', async (when, raced) => {
    const { settleTokensOf } = await import('../../../lambdas/delivery/settle-tokens.ts');
    const [old, becomes] = [`old ${when}`, `new ${when}`].map((text) => text.replaceAll(' ', '-')) as [string, string];
    await register('pam', old);
    let others = 0;
    const { profiles, devices } = raced(ports.profiles, async () => {
      others += 1;
      if (others === 1) await register('quin', becomes);
    });
    await settleTokensOf(profiles, devices, 'pam', [{ profileId: 'pam', token: old, becomes }], Date.now());
    expect(await tokensOf('pam')).toBeUndefined();
    expect((await tokensOf('quin'))?.split('\n')).toContain(`fcm ${becomes}`);
    expect(await owner(becomes)).toBe('quin');
  });

  test('a token that a profile named itself dies like any other', async () => {
    const { changeProfile } = await import('../../../lambdas/audience/change-profile.ts');
    await changeProfile(ports, 'max', { pushToken: 'own' }, 'mia', 1);
    await settleTokens(environment(), [{ profileId: 'max', token: 'own' }]);
    expect(await tokensOf('max')).toBeUndefined();
  });
});

test.each([
  [{ token: 'x' }, 'profileId'],
  [{ profileId: 'ann' }, 'token'],
  [{ profileId: 'ann', token: 'two words' }, 'token'],
  [{ profileId: 'ann', token: 'x', platform: 'fax' }, 'platform'],
  [{ profileId: 'anonymous:x', token: 'x' }, 'profileId'],
])('%j is refused for its %s', async (body, path) => {
  const answer = await ask('POST /v1/devices', { body });
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(`"path":"${path}"`);
});

test('without the key of a source nothing is registered or removed', async () => {
  const id = await register('ned', 'ned-1');
  for (const key of ['', apiKeyOf('app', 'another-secret-of-letters')]) {
    expect((await ask('POST /v1/devices', { body: { profileId: 'ned', token: 'y' } }, key)).status).toBe(401);
    expect((await ask('DELETE /v1/devices/{deviceId}', { params: { deviceId: id } }, key)).status).toBe(401);
  }
  expect(await tokensOf('ned')).toBe('fcm ned-1');
});
