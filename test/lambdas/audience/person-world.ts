import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  DynamoDBClient,
  paginateScan,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { SETTLED_MS } from '../../../core/audience/erasure.ts';
import { audienceWorld } from './audience-world.ts';

/** Texts and numbers of an item; objects are JSON texts, as Herald's bodies are. */
const item = (values: Record<string, string | number | object>): Record<string, AttributeValue> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number'
        ? { N: String(value) }
        : { S: typeof value === 'string' ? value : JSON.stringify(value) },
    ]),
  );
const ndjson = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** The audience's world, and people who have left something in each of its stores. */
export const personWorld = async () => {
  const world = await audienceWorld();
  const client = new DynamoDBClient({ endpoint: process.env.AWS_ENDPOINT_URL ?? '' });
  const { WORK_BUCKET = '', LAKE_BUCKET = '', ERASURES_TABLE = '', ERASURE_KEY_ARN = '' } = process.env;
  const { erasures } = await import('../../../lambdas/adapters/erasures.ts');
  const { hasher } = await import('../../../lambdas/adapters/person-hash.ts');
  const { secretText } = await import('../../../lambdas/adapters/secrets.ts');
  const store = erasures(ERASURES_TABLE, hasher(() => secretText(ERASURE_KEY_ARN)).hash);
  type Row = [table: string, values: Parameters<typeof item>[0]];
  const putAll = async (rows: readonly Row[]) => {
    // As many as one request takes.
    for (let at = 0; at < rows.length; at += 25) {
      const byTable = Map.groupBy(rows.slice(at, at + 25), ([table]) => process.env[`${table}_TABLE`] ?? '');
      const puts = ([, values]: Row): WriteRequest => ({ PutRequest: { Item: item(values) } });
      const RequestItems = Object.fromEntries([...byTable].map(([table, some]) => [table, some.map(puts)]));
      await client.send(new BatchWriteItemCommand({ RequestItems }));
    }
  };
  const put = (...row: Row) => putAll([row]);

  const today = new Date().toISOString().slice(0, 10);
  let files = 0;
  const inLake = (table: string, rows: readonly object[], name?: string): string => {
    files += 1;
    const key = `${table}/dt=${today}/${name ?? files}.gz`;
    world.s3.put(LAKE_BUCKET, key, gzipSync(ndjson(rows)));
    return key;
  };

  return {
    ...world,
    store,
    put,
    inLake,
    /** Puts an object into the work bucket: text, zipped when its name says so. */
    inWork: (key: string, rows: readonly object[]) =>
      world.s3.put(WORK_BUCKET, key, key.endsWith('.gz') ? gzipSync(ndjson(rows)) : ndjson(rows)),

    /** Leaves something of the person in every table that is asked by id, and of an anonymous id, `<id>-device`. */
    async inTables(id: string) {
      const device = `${id}-device`;
      const email = `${id}@example.com`;
      const body = { profileId: id, version: 1, email, attributes: {} };
      const rows: Row[] = [
        ['PROFILES', { profileId: id, version: 1, body }],
        ['CONTACTS', { profileId: id, version: 1 }],
        ['IDENTITIES', { alias: device, profileId: id, atMs: 1 }],
      ];
      for (const [n, own] of [id, `anonymous:${device}`].entries()) {
        const subject = `profile/${own}`;
        const entry = { subject, action: 'export', actor: 'amir', atMs: n + 1, version: 0, detail: device };
        rows.push(
          ['WINDOWS', { profileId: own, triggerId: 't1' }],
          ['WINDOWS', { profileId: own, triggerId: 't2' }],
          ['MEMBERSHIPS', { profileId: own, membership: 'list#l', memberOf: 'list#l' }],
          ['LEADS', { profileId: own, modelId: 'm' }],
          ['PARTICIPANTS', { profileId: own, journeyId: 'j' }],
          ['INBOX', { profileId: own, message: 'm' }],
          ['AUDIT', { subject, entry: `0000000000000${n + 1}#0#x`, day: '1970-01-01', body: entry }],
        );
      }
      await putAll(rows);
    },

    /** The same in the tables that are read whole. */
    async inWholeTables(id: string) {
      const waiting = [
        [id, 'j', 1, 1],
        ['somebody-else', 'j', 1, 1],
      ];
      const message = { kind: 'direct', profileId: id, event: { profileId: id, id: 'e' }, step: 0 };
      const held = { channel: 'sms', lane: 'promotional', message };
      await putAll([
        ['TIMERS', { bucket: 'b', timer: `1#${id}`, body: { event: { profileId: id, id: 'e' } } }],
        ['TIMERS', { bucket: 'wait#b', timer: Buffer.from(id).toString('hex'), body: { waiting } }],
        ['TIMERS', { bucket: 'send#b', timer: `2#${id}`, body: held }],
        ['LEDGER', { run: 't#trigger', unit: `shop#e1#${id}#0` }],
        ['DEVICES', { deviceId: `phone-of-${id}`, profileId: id }],
        ['IDEMPOTENCY', { id: `mia#${id}`, body: { members: [id] } }],
      ]);
    },

    /** Rows of lake tables, beside those of somebody else, in files of this name or in new ones. Gives the keys. */
    lakeRows(id: string, other: string, name?: string): string[] {
      const events = [
        { id: 'e1', profile_id: id },
        { id: 'e2', profile_id: other },
        { id: 'e3', profile_id: `anonymous:${id}-device` },
      ];
      return [inLake('events', events, name), inLake('identities', [{ alias: `${id}-device`, profile_id: id }], name)];
    },

    /** An erasure that was asked for long enough ago. */
    async waiting(id: string): Promise<string> {
      const hash = await store.hash(id);
      const requestedMs = Date.now() - SETTLED_MS;
      const asked = { id: hash, requestedMs };
      await store.begin(
        { ...asked, reason: 'person-asked', actor: 'amir', state: 'running', passes: 0 },
        { ...asked, profileId: id, aliases: [], addresses: [] },
      );
      return hash;
    },

    /** Where any of the texts is found: tables by their names, and objects by their keys. */
    async placesOf(texts: readonly string[]): Promise<string[]> {
      const found: string[] = [];
      const note = (place: string, content: string) => {
        if (texts.some((text) => content.includes(text))) found.push(place);
      };
      for (const { logicalId, ref } of world.tables) {
        for await (const { Items = [] } of paginateScan({ client }, { TableName: ref })) {
          // Bodies are JSON in JSON.
          for (const one of Items) note(logicalId, JSON.stringify(one).replaceAll('\\"', '"'));
        }
      }
      for (const bucket of [WORK_BUCKET, LAKE_BUCKET]) {
        for (const key of world.s3.keys(bucket, '')) {
          const bytes = world.s3.get(bucket, key) ?? Buffer.alloc(0);
          note(key, (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
        }
      }
      return [...new Set(found)].sort();
    },

    /** An object's lines. */
    lines: (bucket: 'work' | 'lake', key: string): string[] => {
      const bytes = world.s3.get(bucket === 'work' ? WORK_BUCKET : LAKE_BUCKET, key) ?? Buffer.alloc(0);
      return (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().trimEnd().split('\n');
    },

    /**
     * Has `work` done as a state machine has it done: again, as long as it fails. The answer to its n-th change is lost. False
     * when it makes fewer.
     */
    async crashed(n: number, work: () => Promise<void>): Promise<boolean> {
      world.crash.after = n;
      for (let attempt = 1; ; attempt += 1) {
        try {
          await work();
          break;
        } catch (error) {
          if (attempt === 5) throw error;
        }
      }
      const happened = world.crash.after <= 0;
      world.crash.after = Number.POSITIVE_INFINITY;
      return happened;
    },

    async stop() {
      client.destroy();
      await world.stop();
    },
  };
};
export type PersonWorld = Awaited<ReturnType<typeof personWorld>>;
